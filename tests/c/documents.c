/* Documents as bytes, and the answers in JSON, through the C interface.
 *
 *   documents              checks
 *   documents CONTRACT FACTS KIND JSON FOLDER   writes the document's files into FOLDER
 */

#include "check.h"

#include <string.h>

static const char INCIDENT[] =
  "{\"kind\":\"outage.start\",\"subject\":\"O-1\",\"at\":\"2026-03-02T08:00:00+08:00\",\"body\":{\"system\":\"portal\"}}\n"
  "{\"kind\":\"incident.report\",\"subject\":\"I-1\",\"at\":\"2026-03-02T08:05:00+08:00\","
  "\"body\":{\"severity\":\"critical\",\"affects_use\":true,\"channel\":\"phone\",\"outage\":\"O-1\"}}\n"
  "{\"kind\":\"outage.end\",\"subject\":\"O-1\",\"at\":\"2026-03-02T10:00:00+08:00\"}\n"
  "{\"kind\":\"incident.repair\",\"subject\":\"I-1\",\"at\":\"2026-03-02T10:00:00+08:00\"}\n"
  "{\"kind\":\"x.note\",\"at\":\"2026-04-02T10:00:00+08:00\"}\n";

static int ends_with(const char *text, const char *end)
{
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static int begins(const opsl_str *bytes, const char *with)
{
  return bytes->len >= strlen(with) && memcmp(bytes->ptr, with, strlen(with)) == 0;
}

/* A file is what its name and its media type say. */
static void file(const opsl_documents *documents, size_t i)
{
  opsl_str bytes = {NULL, 0};
  const char *name = opsl_documents_name(documents, i), *media_type = opsl_documents_media_type(documents, i);
  WORKS(opsl_documents_bytes(documents, i, &bytes, &err));
  CHECK(name != NULL && media_type != NULL && name[0] != '/' && bytes.len > 100);
  if (name == NULL || media_type == NULL)
    return;
  if (ends_with(name, ".docx"))
    CHECK(begins(&bytes, "PK") && strstr(media_type, "wordprocessingml") != NULL);
  else if (ends_with(name, ".xlsx"))
    CHECK(begins(&bytes, "PK") && strstr(media_type, "spreadsheetml") != NULL);
  else if (ends_with(name, ".html"))
    CHECK(begins(&bytes, "<!doctype html") && strcmp(media_type, "text/html; charset=utf-8") == 0);
  else if (ends_with(name, ".json"))
    CHECK(begins(&bytes, "{") && strstr(media_type, "json") != NULL);
  else
    /* The contract's text and the list of digests, in the acceptance package. */
    CHECK(strcmp(media_type, ends_with(name, ".toml") ? "application/toml" : "text/plain; charset=utf-8") == 0);
}

static void kinds(const opsl_account *account)
{
  static const struct {
    const char *kind, *json, *first;
    size_t least;
  } wanted[] = {
    {"monthly", "", ".docx", 3},
    {"monthly", "{\"month\":\"2026-03\",\"formats\":[\"html\"],\"lang\":\"en\"}", ".html", 1},
    {"incident", "{\"subject\":\"I-1\",\"view\":\"claimed\"}", ".docx", 3},
    {"ledger", "{\"month\":\"2026-03\"}", ".xlsx", 2},
    {"roster", "{\"month\":\"2026-03\",\"formats\":[\"docx\",\"xlsx\"]}", ".docx", 2},
    {"acceptance", "{\"as_of\":\"2026-04-01T00:00:00+08:00\"}", "", 3},
  };
  size_t i, k;
  for (k = 0; k < sizeof wanted / sizeof *wanted; k++) {
    opsl_documents *documents = NULL, *again = NULL;
    opsl_str a = {NULL, 0}, b = {NULL, 0};
    WORKS(opsl_account_documents(account, opsl_text(wanted[k].kind), opsl_text(wanted[k].json), &documents, &err));
    CHECK(opsl_documents_count(documents) >= wanted[k].least);
    for (i = 0; i < opsl_documents_count(documents); i++)
      file(documents, i);
    if (documents != NULL)
      CHECK(ends_with(opsl_documents_name(documents, 0), wanted[k].first));
    /* The same question gives the same bytes. */
    WORKS(opsl_account_documents(account, opsl_text(wanted[k].kind), opsl_text(wanted[k].json), &again, &err));
    WORKS(opsl_documents_bytes(documents, 0, &a, &err));
    WORKS(opsl_documents_bytes(again, 0, &b, &err));
    CHECK(a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0);
    opsl_documents_free(again);
    opsl_documents_free(documents);
  }
}

static void refusals(const opsl_account *account)
{
  opsl_documents *documents = NULL;
  opsl_str bytes = {NULL, 0};
  FAILS(opsl_account_documents(account, opsl_text("weekly"), opsl_text(""), &documents, &err), OPSL_E_BAD_REQUEST, "weekly");
  FAILS(opsl_account_documents(account, opsl_text("incident"), opsl_text(""), &documents, &err), OPSL_E_BAD_REQUEST, "");
  FAILS(opsl_account_documents(account, opsl_text("incident"), opsl_text("{\"subject\":\"I-9\"}"), &documents, &err), OPSL_E_NOT_FOUND, "I-9");
  FAILS(opsl_account_documents(account, opsl_text("monthly"), opsl_text("{\"month\":\"2026-13\"}"), &documents, &err), OPSL_E_BAD_REQUEST, "2026-13");
  FAILS(opsl_account_documents(account, opsl_text("monthly"), opsl_text("{\"formats\":[\"pdf\"]}"), &documents, &err), OPSL_E_BAD_REQUEST, "pdf");
  FAILS(opsl_account_documents(account, opsl_text("monthly"), opsl_text("{\"lang\":\"fr\"}"), &documents, &err), OPSL_E_BAD_REQUEST, "fr");
  FAILS(opsl_account_documents(account, opsl_text("monthly"), opsl_text("{\"moon\":1}"), &documents, &err), OPSL_E_BAD_REQUEST, "moon");
  FAILS(opsl_account_documents(NULL, opsl_text("monthly"), opsl_text(""), &documents, &err), OPSL_E_NULL_POINTER, "account");
  FAILS(opsl_account_documents(account, opsl_text("monthly"), opsl_text(""), NULL, &err), OPSL_E_NULL_POINTER, "documents");
  CHECK(documents == NULL);
  CHECK(opsl_documents_count(NULL) == 0 && opsl_documents_name(NULL, 0) == NULL && opsl_documents_media_type(NULL, 0) == NULL);
  FAILS(opsl_documents_bytes(NULL, 0, &bytes, &err), OPSL_E_NULL_POINTER, "documents");
  opsl_documents_free(NULL);
  WORKS(opsl_account_documents(account, opsl_text("monthly"), opsl_text("{\"formats\":[\"html\"]}"), &documents, &err));
  CHECK(opsl_documents_name(documents, 1) == NULL && opsl_documents_media_type(documents, 1) == NULL);
  FAILS(opsl_documents_bytes(documents, 1, &bytes, &err), OPSL_E_OUT_OF_RANGE, "i = 1");
  FAILS(opsl_documents_bytes(documents, 0, NULL, &err), OPSL_E_NULL_POINTER, "bytes");
  CHECK(bytes.ptr == NULL);
  opsl_documents_free(documents);
}

static void answers(const opsl_account *account)
{
  const opsl_str all = opsl_text("");
  opsl_buf out = {NULL, 0};
  WORKS(opsl_account_register_json(account, opsl_text("incidents"), OPSL_ABSENT, OPSL_ABSENT, NULL, &out, &err));
  CHECK(out.ptr != NULL && out.ptr[0] == '{' && strstr(out.ptr, "\"I-1\"") != NULL);
  opsl_buf_free(&out);
  WORKS(opsl_account_explain_json(account, opsl_text("downtime"), all, OPSL_ABSENT, OPSL_ABSENT, NULL, &out, &err));
  CHECK(out.ptr != NULL && out.ptr[0] == '{' && strstr(out.ptr, "\"O-1\"") != NULL);
  opsl_buf_free(&out);
  WORKS(opsl_account_due_json(account, OPSL_ABSENT, OPSL_ABSENT, OPSL_ABSENT, NULL, &out, &err));
  CHECK(out.ptr != NULL && out.ptr[0] == '{');
  opsl_buf_free(&out);
  FAILS(opsl_account_register_json(account, opsl_text("moods"), OPSL_ABSENT, OPSL_ABSENT, NULL, &out, &err), OPSL_E_NOT_FOUND, "moods");
  FAILS(opsl_account_explain_json(account, opsl_text("none"), all, OPSL_ABSENT, OPSL_ABSENT, NULL, &out, &err), OPSL_E_NOT_FOUND, "none");
  FAILS(opsl_account_explain_json(account, opsl_text("downtime"), opsl_text("O-9"), OPSL_ABSENT, OPSL_ABSENT, NULL, &out, &err), OPSL_E_NOT_FOUND, "O-9");
  FAILS(opsl_account_due_json(account, OPSL_ABSENT, OPSL_ABSENT, -1, NULL, &out, &err), OPSL_E_OUT_OF_RANGE, "");
  FAILS(opsl_account_due_json(NULL, OPSL_ABSENT, OPSL_ABSENT, 0, NULL, &out, &err), OPSL_E_NULL_POINTER, "account");
  FAILS(opsl_account_register_json(account, opsl_text("incidents"), OPSL_ABSENT, OPSL_ABSENT, NULL, NULL, &err), OPSL_E_NULL_POINTER, "out");
  CHECK(out.ptr == NULL);
}

static char *whole(const char *path)
{
  FILE *in = fopen(path, "rb");
  char *text = calloc(1, 1 << 20);
  if (in == NULL || text == NULL || fread(text, 1, (1 << 20) - 1, in) == 0)
    exit(2);
  fclose(in);
  return text;
}

static int write_files(char **arguments)
{
  opsl_contract *contract = NULL;
  opsl_account *account = NULL;
  opsl_documents *documents = NULL;
  char *toml = whole(arguments[0]), *facts = whole(arguments[1]), path[1024];
  size_t i;
  WORKS(opsl_contract_parse(opsl_text(toml), &contract, &err));
  WORKS(opsl_account_open(contract, NULL, &account, &err));
  WORKS(opsl_account_add(account, opsl_text(facts), &err));
  WORKS(opsl_account_documents(account, opsl_text(arguments[2]), opsl_text(arguments[3]), &documents, &err));
  for (i = 0; i < opsl_documents_count(documents); i++) {
    opsl_str bytes = {NULL, 0};
    FILE *to;
    WORKS(opsl_documents_bytes(documents, i, &bytes, &err));
    snprintf(path, sizeof path, "%s/%s", arguments[4], opsl_documents_name(documents, i));
    to = fopen(path, "wb");
    CHECK(to != NULL && fwrite(bytes.ptr, 1, bytes.len, to) == bytes.len && fclose(to) == 0);
  }
  opsl_documents_free(documents);
  opsl_account_free(account);
  opsl_contract_free(contract);
  free(facts);
  free(toml);
  return report();
}

int main(int argc, char **argv)
{
  opsl_contract *contract = NULL;
  opsl_account *account = NULL;
  if (argc == 6)
    return write_files(argv + 1);
  WORKS(opsl_contract_parse(opsl_text(CONTRACT), &contract, &err));
  WORKS(opsl_account_open(contract, NULL, &account, &err));
  WORKS(opsl_account_add(account, opsl_text(INCIDENT), &err));
  kinds(account);
  refusals(account);
  answers(account);
  opsl_account_free(account);
  opsl_contract_free(contract);
  return report();
}
