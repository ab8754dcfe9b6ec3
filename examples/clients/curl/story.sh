#!/usr/bin/env bash
# The whole way with curl: upload chats, train on them, watch, bring the results home, and ask the model.
#
#   STOKER_KEY="$(stoker tokens create --name curl)" ./story.sh [chats.jsonl]
#
# STOKER_URL names an agent elsewhere than at http://127.0.0.1:7465/openai/v1, RESULTS the folder for the results. It needs
# curl and python3, which takes the answers apart. Where it trains, and for how long the machine is kept, is said under
# `openai.job` in the agent's config.yaml.
set -euo pipefail

url=${STOKER_URL:-http://127.0.0.1:7465/openai/v1}
results=${RESULTS:-.}
: "${STOKER_KEY:?is the token that the agent is called with: stoker tokens create --name curl}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The token goes by a file: a command line can be read by everybody on this computer.
(umask 077 && printf 'header = "Authorization: Bearer %s"\n' "$STOKER_KEY" >"$folder/key")

# call PATH [OPTION of curl]...: prints the answer; a refusal ends the script with what it says.
call() {
  local path=$1 status
  shift
  status=$(curl -sS -K "$folder/key" -o "$folder/answer" -w '%{http_code}' "$@" "$url$path")
  if ((status >= 400)); then
    printf 'story: %s: %s %s\n' "$path" "$status" "$(cat "$folder/answer")" >&2
    return 1
  fi
  cat "$folder/answer"
}

# member NAME...: that member of the JSON on standard input; a list as its lines.
member() {
  python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name)] if isinstance(value, list) else value[name]
print("\n".join(map(str, value)) if isinstance(value, list) else value)' "$@"
}

# 1. The chats, one a line. Files of your own: at least 10 lines of {"messages": [...]}.
chats=${1:-$folder/chats.jsonl}
if (($# == 0)); then
  for colour in red blue green white; do
    for thing in door boat lamp coat cup; do
      for _ in {1..10}; do
        printf '{"messages":[{"role":"user","content":"what colour is the %s %s ?"},' "$colour" "$thing"
        printf '{"role":"assistant","content":"the %s is %s"}]}\n' "$thing" "$colour"
      done
    done
  done >"$chats"
fi
file=$(call /files -F purpose=fine-tune -F "file=@$chats;filename=chats.jsonl" | member id)
echo "uploaded $file: $(wc -l <"$chats") chats"

# 2. The job. It is answered at once; the machine is looked for afterwards.
job=$(call /fine_tuning/jobs -H 'Content-Type: application/json' \
  -d '{"model":"tiny-lm","training_file":"'"$file"'","suffix":"colours",
       "method":{"type":"supervised","supervised":{"hyperparameters":{"n_epochs":6,"batch_size":8}}}}' | member id)
echo "created $job"

# 3. What it is doing, until it has ended. Events come newest first.
while :; do
  status=$(call "/fine_tuning/jobs/$job" | member status)
  echo "$status: $(call "/fine_tuning/jobs/$job/events?limit=1" | member data 0 message)"
  case $status in succeeded | failed | cancelled) break ;; esac
  sleep 1
done
call "/fine_tuning/jobs/$job" >"$folder/job"
if [ "$status" != succeeded ]; then
  echo "story: $job $status: $(member error <"$folder/job")" >&2
  exit 1
fi
model=$(member fine_tuned_model <"$folder/job")
echo "trained $model"
echo "last checkpoint: step $(call "/fine_tuning/jobs/$job/checkpoints" | member data 0 step_number)"

# 4. The numbers of the training, as files.
for id in $(member result_files <"$folder/job"); do
  name=$(call "/files/$id" | member filename)
  call "/files/$id/content" >"$results/$name"
  echo "fetched $name: $(wc -l <"$results/$name") lines"
done

# 5. A question, answered by the machine that is kept; then once more, piece by piece.
question='"messages":[{"role":"user","content":"what colour is the green boat ?"}]'
call /chat/completions -H 'Content-Type: application/json' -d '{"model":"'"$model"'",'"$question"'}' >"$folder/said"
echo "answered: $(member choices 0 message content <"$folder/said")"
curl -sSN --fail-with-body -K "$folder/key" -H 'Content-Type: application/json' \
  -d '{"model":"'"$model"'","stream":true,'"$question"'}' "$url/chat/completions"
