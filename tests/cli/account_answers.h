// What an agent says about the provider "lambda" and its accounts.
#pragma once

namespace stoker::cli {

constexpr const char* kSetup =
    R"({"provider":"lambda","name":"Lambda","summary":"GPUs by the \u001b[2Jminute","url":"https://lambda.example/docs",)"
    R"("needs_account":true,"permissions":["read instances","create instances"],"hosts":[],"fields":[)"
    R"({"key":"api_key","label":"API key","kind":"secret","required":true,"secret":true,"advanced":false,)"
    R"("help":"Made under Settings.","default":"","example":"secret_...","docs_url":"https://lambda.example/keys","choices":[]},)"
    R"({"key":"region","label":"Region","kind":"choice","required":true,"secret":false,"advanced":false,"help":"",)"
    R"("default":"us-west-3","example":"","docs_url":"","choices":[{"value":"us-west-3","label":"Utah"},)"
    R"({"value":"us-east-1","label":""}]},)"
    R"({"key":"project","label":"Project","kind":"text","required":true,"secret":false,"advanced":false,"help":"",)"
    R"("default":"","example":"","docs_url":"","choices":[]},)"
    R"({"key":"spare","label":"Spare key","kind":"text","required":false,"secret":true,"advanced":false,"help":"",)"
    R"("default":"","example":"","docs_url":"","choices":[]},)"
    R"({"key":"proxy","label":"Proxy","kind":"text","required":false,"secret":false,"advanced":true,"help":"",)"
    R"("default":"","example":"","docs_url":"","choices":[]},)"
    R"({"key":"certificates","label":"Certificates","kind":"path","required":false,"secret":false,"advanced":true,)"
    R"("help":"","default":"","example":"","docs_url":"","choices":[]},)"
    R"({"key":"retries","label":"Retries","kind":"integer","required":false,"secret":false,"advanced":true,"help":"",)"
    R"("default":"3","example":"","docs_url":"","choices":[]},)"
    R"({"key":"quiet","label":"Quiet","kind":"boolean","required":false,"secret":false,"advanced":true,"help":"",)"
    R"("default":"","example":"","docs_url":"","choices":[]}]})";

constexpr const char* kAccount =
    R"({"id":"lambda","provider":"lambda","name":"lambda","cloud_id":"team-1","cloud_name":"Team","balance":)"
    R"({"amount":12.5,"currency":"USD"},"state":"ok","problem":"","hint":"","checked_ms":null})";

constexpr const char* kRefusedAccount =
    R"({"id":"team","provider":"vast","name":"My work","cloud_id":"7","cloud_name":"","balance":null,"state":"refused",)"
    R"("problem":"the key was\u001b[1m refused","hint":"make a new one","checked_ms":null})";

constexpr const char* kRefusedKey =
    R"({"detail":"the cloud refused the API key","code":"auth","hint":"make a new one","field":"api_key"})";

}  // namespace stoker::cli
