# Makes .venv with the packages of template/requirements.txt. A machine makes it once: the jobs after it find it.
set -eu

python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || {
  echo "the template needs Python 3.10 or newer; this machine has $(python3 --version)" >&2
  exit 1
}

home=${XDG_CACHE_HOME:-$HOME/.cache}/stoker/environments
name=$(sha256sum template/requirements.txt | cut -c1-16)
mkdir -p "$home"
exec 9>"$home/$name.lock"
flock 9

if [ ! -e "$home/$name/ready" ]; then
  rm -rf "${home:?}/$name"
  # Debian and Ubuntu ship Python without venv.
  python3 -m venv "$home/$name" || {
    as_root=$([ "$(id -u)" = 0 ] || echo sudo -n)
    $as_root apt-get update -q
    $as_root apt-get install -qy python3-venv
    python3 -m venv --clear "$home/$name"
  }
  # Packages that come as source are built with these.
  grep -E '^(packaging|setuptools|wheel|torch)==' template/requirements.txt >"$home/$name/first.txt" || true
  [ ! -s "$home/$name/first.txt" ] || "$home/$name/bin/pip" install --no-input -r "$home/$name/first.txt"
  "$home/$name/bin/pip" install --no-input --no-build-isolation -r template/requirements.txt
  touch "$home/$name/ready"
fi
ln -sfn "$home/$name" .venv
