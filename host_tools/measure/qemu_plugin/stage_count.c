/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU plugin: exact instruction counts of one program, per function and per processing stage.
 *
 * The program calls pn_mark_frame when a frame begins and pn_mark_<stage> when that stage is
 * done; all instructions between two marks belong to the stage that the second one names.
 * What runs after the last mark of a frame, or before the first frame, belongs to no stage.
 * Functions whose names start with an "overhead" prefix are kept apart and counted in no stage:
 * the marks themselves are always among them.
 *
 * Arguments: out=FILE (JSON), warmup=N (frames left out of the sums, default 0),
 * overhead=PREFIX (may be repeated), addresses=on (code without a name, such as that of shared
 * libraries, goes by the address of its block, "@" and hexadecimal digits, and not all by "?").
 * One guest thread: "vcpus" in the output says how many ran. */
#include "qemu_api.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_PREFIX "pn_mark_"
#define FRAME_MARK "pn_mark_frame"
#define MAX_STAGES 16
#define MAX_PREFIXES 16
#define SYMBOL_BUCKETS 65536u

int qemu_plugin_version = 1;

typedef struct symbol {
  char *name;
  uint64_t executed; /* raised by translated code */
  uint64_t seen;     /* value of executed at the last mark */
  uint64_t stage[MAX_STAGES];
  uint64_t outside; /* between frames, warm-up frames included */
  bool overhead;
  bool mark;
  bool entry_known;
  uint64_t entry; /* address of a mark's first instruction */
  int stage_index; /* of a mark; -1: start of a frame */
  struct symbol *next_in_bucket;
  struct symbol *next;
} symbol;

static struct {
  symbol *buckets[SYMBOL_BUCKETS];
  symbol *first;
  symbol **last;
  char *stage_name[MAX_STAGES];
  int stages;
  uint64_t *frame; /* instructions of each frame, overhead left out */
  size_t frames, frame_capacity;
  bool in_frame;
  uint64_t warmup;
  unsigned vcpus;
  const char *prefix[MAX_PREFIXES];
  int prefixes;
  bool addresses;
  char *out;
} state;

static void *checked(void *memory) {
  if (memory == NULL) {
    fputs("stage_count: out of memory\n", stderr);
    exit(EXIT_FAILURE);
  }
  return memory;
}

static char *copy_text(const char *text) {
  size_t bytes = strlen(text) + 1;
  return memcpy(checked(malloc(bytes)), text, bytes);
}

static bool has_prefix(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int stage_index_of(const char *mark) {
  if (strcmp(mark, FRAME_MARK) == 0) {
    return -1;
  }
  const char *name = mark + strlen(MARK_PREFIX);
  for (int i = 0; i < state.stages; i++) {
    if (strcmp(state.stage_name[i], name) == 0) {
      return i;
    }
  }
  if (state.stages == MAX_STAGES) {
    fputs("stage_count: too many marks\n", stderr);
    exit(EXIT_FAILURE);
  }
  state.stage_name[state.stages] = copy_text(name);
  return state.stages++;
}

static bool is_overhead(const char *name) {
  for (int i = 0; i < state.prefixes; i++) {
    if (has_prefix(name, state.prefix[i])) {
      return true;
    }
  }
  return has_prefix(name, MARK_PREFIX);
}

/* The record of a function name, made at its first use. Code without a name is "?". */
static symbol *symbol_of(const char *name) {
  if (name == NULL || name[0] == '\0') {
    name = "?";
  }
  uint32_t hash = 2166136261u;
  for (const char *c = name; *c != '\0'; c++) {
    hash = (hash ^ (unsigned char)*c) * 16777619u;
  }
  symbol **bucket = &state.buckets[hash % SYMBOL_BUCKETS];
  for (symbol *s = *bucket; s != NULL; s = s->next_in_bucket) {
    if (strcmp(s->name, name) == 0) {
      return s;
    }
  }
  symbol *s = checked(calloc(1, sizeof *s));
  s->name = copy_text(name);
  s->overhead = is_overhead(name);
  s->mark = has_prefix(name, MARK_PREFIX);
  s->stage_index = s->mark ? stage_index_of(name) : -1;
  s->next_in_bucket = *bucket;
  *bucket = s;
  *state.last = s;
  state.last = &s->next;
  return s;
}

/* The same; code without a name may go by the address of its block. */
static symbol *symbol_at(const char *name, uint64_t block) {
  char text[24];
  if (state.addresses && (name == NULL || name[0] == '\0')) {
    snprintf(text, sizeof text, "@%" PRIx64, block);
    name = text;
  }
  return symbol_of(name);
}

static void push_frame(void) {
  if (state.frames == state.frame_capacity) {
    state.frame_capacity = state.frame_capacity == 0 ? 4096 : 2 * state.frame_capacity;
    state.frame = checked(realloc(state.frame, state.frame_capacity * sizeof *state.frame));
  }
  state.frame[state.frames++] = 0;
}

/* Give everything executed since the last mark to stage (-1: to no stage). */
static void settle(int stage) {
  bool counted = stage >= 0 && state.frames > state.warmup;
  uint64_t sum = 0;
  for (symbol *s = state.first; s != NULL; s = s->next) {
    uint64_t executed = s->executed - s->seen;
    s->seen = s->executed;
    if (executed == 0) {
      continue;
    }
    if (counted) {
      s->stage[stage] += executed;
    } else {
      s->outside += executed;
    }
    if (!s->overhead) {
      sum += executed;
    }
  }
  if (stage >= 0) {
    state.frame[state.frames - 1] += sum;
  }
}

static void on_mark(unsigned int vcpu, void *user) {
  (void)vcpu;
  const symbol *mark = user;
  if (mark->stage_index < 0) {
    settle(-1);
    push_frame();
  } else {
    settle(state.frames > 0 ? mark->stage_index : -1);
  }
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  size_t count = qemu_plugin_tb_n_insns(tb);
  size_t start = 0;
  uint64_t block = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
  symbol *current = NULL;
  for (size_t i = 0; i < count; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    symbol *s = symbol_at(qemu_plugin_insn_symbol(insn), block);
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    /* A function is entered at its first instruction, so that is the first one translated. */
    if (s->mark && !s->entry_known) {
      s->entry_known = true;
      s->entry = address;
    }
    if (s->mark && s->entry == address) {
      qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, PN_QEMU_CB_NO_REGS, s);
    }
    if (s != current) {
      if (current != NULL) {
        qemu_plugin_register_vcpu_tb_exec_inline(tb, PN_QEMU_INLINE_ADD_U64, &current->executed,
                                                 i - start);
      }
      current = s;
      start = i;
    }
  }
  if (current != NULL) {
    qemu_plugin_register_vcpu_tb_exec_inline(tb, PN_QEMU_INLINE_ADD_U64, &current->executed,
                                             count - start);
  }
}

static void on_vcpu(qemu_plugin_id_t id, unsigned int vcpu) {
  (void)id;
  (void)vcpu;
  state.vcpus++;
}

/* Symbol names come from an ELF file and may hold any byte. */
static void write_text(FILE *file, const char *text) {
  fputc('"', file);
  for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
    if (*c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\') {
      fprintf(file, "\\u%04x", *c);
    } else {
      fputc(*c, file);
    }
  }
  fputc('"', file);
}

static void write_symbols(FILE *file, uint64_t *total) {
  const char *separator = "";
  fputs("\"symbols\": [", file);
  for (const symbol *s = state.first; s != NULL; s = s->next) {
    *total += s->executed;
    fprintf(file, "%s\n  {\"name\": ", separator);
    separator = ",";
    write_text(file, s->name);
    fprintf(file, ", \"overhead\": %s, \"outside\": %" PRIu64 ", \"stages\": [",
            s->overhead ? "true" : "false", s->outside);
    for (int i = 0; i < state.stages; i++) {
      fprintf(file, "%s%" PRIu64, i == 0 ? "" : ", ", s->stage[i]);
    }
    fputs("]}", file);
  }
  fputs("\n],\n", file);
}

static void write_counts(FILE *file) {
  uint64_t total = 0;
  fputs("{\"format\": 1,\n\"stages\": [", file);
  for (int i = 0; i < state.stages; i++) {
    fputs(i == 0 ? "" : ", ", file);
    write_text(file, state.stage_name[i]);
  }
  fputs("],\n", file);
  write_symbols(file, &total);
  fprintf(file,
          "\"warmup_frames\": %" PRIu64 ", \"vcpus\": %u, \"total_instructions\": %" PRIu64 ",\n",
          state.warmup, state.vcpus, total);
  fputs("\"frame_instructions\": [", file);
  for (size_t i = 0; i < state.frames; i++) {
    fprintf(file, "%s%" PRIu64, i == 0 ? "" : ", ", state.frame[i]);
  }
  fputs("]}\n", file);
}

static void on_exit(qemu_plugin_id_t id, void *user) {
  (void)id;
  (void)user;
  settle(-1);
  FILE *file = fopen(state.out, "w");
  if (file == NULL) {
    fprintf(stderr, "stage_count: cannot write %s\n", state.out);
    return;
  }
  write_counts(file);
  if (fclose(file) != 0) {
    fprintf(stderr, "stage_count: writing %s failed\n", state.out);
  }
}

static bool read_argument(const char *argument) {
  if (has_prefix(argument, "out=")) {
    state.out = copy_text(argument + strlen("out="));
    return true;
  }
  if (has_prefix(argument, "warmup=")) {
    char *end = NULL;
    state.warmup = strtoull(argument + strlen("warmup="), &end, 10);
    return end != NULL && *end == '\0';
  }
  if (strcmp(argument, "addresses=on") == 0) {
    state.addresses = true;
    return true;
  }
  if (has_prefix(argument, "overhead=") && state.prefixes < MAX_PREFIXES) {
    const char *prefix = argument + strlen("overhead=");
    if (*prefix == '\0') {
      return false;
    }
    state.prefix[state.prefixes++] = copy_text(prefix);
    return true;
  }
  return false;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  (void)info;
  state.last = &state.first;
  for (int i = 0; i < argc; i++) {
    if (!read_argument(argv[i])) {
      fprintf(stderr, "stage_count: unknown argument %s\n", argv[i]);
      return -1;
    }
  }
  if (state.out == NULL) {
    fputs("stage_count: out=FILE is missing\n", stderr);
    return -1;
  }
  qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
  qemu_plugin_register_atexit_cb(id, on_exit, NULL);
  return 0;
}
