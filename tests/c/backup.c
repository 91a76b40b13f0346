/* Backups through the C interface.
 *
 *   backup FOLDER                        checks, in an empty folder
 *   backup OPERATION JSON [LEDGER]       prints the report
 */

#include "check.h"

#include <string.h>
#include <sys/stat.h>

static char folder[512];

static const char *path(const char *name)
{
  static char paths[4][640];
  static int next;
  char *to = paths[next++ % 4];
  snprintf(to, sizeof paths[0], "%s/%s", folder, name);
  return to;
}

static void write_file(const char *name, const char *text, size_t times)
{
  FILE *to = fopen(path(name), "wb");
  CHECK(to != NULL);
  if (to == NULL)
    return;
  while (times-- > 0)
    fputs(text, to);
  CHECK(fclose(to) == 0);
}

static const char *options(const char *name, const char *more)
{
  static char json[1024];
  snprintf(json, sizeof json, "{\"path\":\"%s\"%s}", path(name), more);
  return json;
}

static int64_t entries(const opsl_ledger *ledger)
{
  opsl_head head = {0};
  head.struct_size = sizeof head;
  WORKS(opsl_ledger_head(ledger, &head, &err));
  return head.seq;
}

struct told {
  int64_t calls, done, total, stop_after;
};

static int32_t tell(int64_t done, int64_t total, void *user)
{
  struct told *told = user;
  CHECK(done >= 0 && total >= 0);
  told->calls++;
  told->done = done;
  told->total = total;
  return told->stop_after != 0 && told->calls >= told->stop_after;
}

/* The report holds all of these words. */
static void reports(const opsl_ledger *ledger, const char *operation, const char *json, const char *a, const char *b)
{
  opsl_buf out = {NULL, 0};
  struct told told = {0, 0, 0, 0};
  WORKS(opsl_backup_run(ledger, opsl_text(operation), opsl_text(json), tell, &told, &out, &err));
  CHECK(told.calls > 0);
  CHECK(out.len > 0 && out.ptr[0] == '{' && out.ptr[out.len - 1] == '\n');
  CHECK(out.ptr != NULL && strstr(out.ptr, a) != NULL && strstr(out.ptr, b) != NULL);
  if (out.ptr == NULL || strstr(out.ptr, a) == NULL || strstr(out.ptr, b) == NULL)
    printf("%s %s: %s", operation, json, out.ptr == NULL ? "nothing\n" : out.ptr);
  opsl_buf_free(&out);
}

static void refusals(const opsl_ledger *ledger)
{
  static const char broken[] = "{\"path\":\"\xff\"}";
  opsl_buf out = {NULL, 0};
  struct told told = {0, 0, 0, 1};
  opsl_str verify = opsl_text("verify");
  FAILS(opsl_backup_run(NULL, opsl_text("check"), opsl_text(""), NULL, NULL, &out, &err), OPSL_E_UNKNOWN_WORD, "check");
  FAILS(opsl_backup_run(NULL, verify, opsl_text("{\"paht\":\"\"}"), NULL, NULL, &out, &err), OPSL_E_BAD_REQUEST, "paht");
  FAILS(opsl_backup_run(NULL, verify, opsl_text("[]"), NULL, NULL, &out, &err), OPSL_E_BAD_REQUEST, "JSON");
  FAILS(opsl_backup_run(NULL, verify, opsl_text(broken), NULL, NULL, &out, &err), OPSL_E_BAD_UTF8, "json");
  FAILS(opsl_backup_run(NULL, verify, opsl_text(options("nowhere", "")), NULL, NULL, &out, &err), OPSL_E_NOT_FOUND, "nowhere");
  FAILS(opsl_backup_run(NULL, verify, opsl_text(options("set", "")), NULL, NULL, NULL, &err), OPSL_E_NULL_POINTER, "out");
  FAILS(opsl_backup_run(ledger, verify, opsl_text(options("set", "")), tell, &told, &out, &err), OPSL_E_CANCELLED, "");
  CHECK(out.ptr == NULL && out.len == 0 && told.calls == 1);
  CHECK(opsl_backup_run(NULL, verify, opsl_text(""), NULL, NULL, &out, NULL) == OPSL_E_BAD_REQUEST);
}

/* Where only the recording fails, the report is there all the same. */
static void not_recorded(void)
{
  opsl_ledger *ledger = NULL;
  opsl_ledger_options how = {0};
  opsl_buf out = {NULL, 0};
  how.struct_size = sizeof how;
  how.read_only = 1;
  WORKS(opsl_ledger_open(opsl_text(path("l")), &how, &ledger, &err));
  FAILS(opsl_backup_run(ledger, opsl_text("verify"), opsl_text(options("set", "")), NULL, NULL, &out, &err), OPSL_E_READ_ONLY_FILE, "fail");
  CHECK(out.ptr != NULL && strstr(out.ptr, "\"verdict\":\"fail\"") != NULL);
  opsl_buf_free(&out);
  opsl_ledger_free(ledger);
}

static int print_report(int argc, char **arguments)
{
  opsl_ledger *ledger = NULL;
  opsl_buf out = {NULL, 0};
  opsl_status status;
  if (argc == 4 && opsl_ledger_open(opsl_text(arguments[3]), NULL, &ledger, NULL) != OPSL_OK)
    return 1;
  status = opsl_backup_run(ledger, opsl_text(arguments[1]), opsl_text(arguments[2]), NULL, NULL, &out, &err);
  if (status != OPSL_OK)
    fprintf(stderr, "%s\n", opsl_error_text(err, OPSL_LANG_EN));
  else
    fwrite(out.ptr, 1, out.len, stdout);
  opsl_error_free(err);
  opsl_buf_free(&out);
  opsl_ledger_free(ledger);
  return status == OPSL_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
  opsl_ledger *ledger = NULL;
  opsl_ledger_options how = {0};
  FILE *file;
  if (argc >= 3)
    return print_report(argc, argv);
  snprintf(folder, sizeof folder, "%s", argv[1]);
  how.struct_size = sizeof how;
  how.create = 1;
  WORKS(opsl_ledger_open(opsl_text(path("l")), &how, &ledger, &err));
  CHECK(mkdir(path("set"), 0700) == 0 && mkdir(path("set/库"), 0700) == 0);
  write_file("set/库/a.txt", "一二三四五六七八\n", 5000);
  write_file("set/b.txt", "b\n", 1);
  reports(ledger, "seal", options("set", ",\"set\":\"platform-db\""), "\"verdict\":\"pass\"", "\"set\":\"platform-db\"");
  reports(ledger, "verify", options("set", ""), "\"verdict\":\"pass-with-remarks\"", "\"unsigned\"");
  CHECK(entries(ledger) == 2);
  file = fopen(path("set/data/库/a.txt"), "r+b");
  CHECK(file != NULL && fseek(file, 4321, SEEK_SET) == 0 && fputc('!', file) == '!' && fclose(file) == 0);
  reports(ledger, "verify", options("set", ",\"level\":\"L1\""), "\"verdict\":\"fail\"",
          "\"kind\":\"checksum-mismatch\",\"weight\":\"fail\",\"path\":\"data/库/a.txt\"");
  CHECK(entries(ledger) == 3);
  refusals(ledger);
  CHECK(entries(ledger) == 3);
  not_recorded();
  opsl_ledger_free(ledger);
  return report();
}
