/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_options.h"

#include <string.h>

/* Flattened device tree, Devicetree Specification 0.4, chapter 5: big-endian words. */
#define TREE_MAGIC 0xd00dfeedu
#define TREE_MAX_BYTES (1u << 20)
#define TOKEN_BEGIN_NODE 1u
#define TOKEN_END_NODE 2u
#define TOKEN_PROPERTY 3u
#define TOKEN_NOTHING 4u

typedef struct tree_view {
  const uint8_t *bytes;
  uint32_t total;
  uint32_t structure; /* offsets */
  uint32_t strings;
} tree_view;

static uint32_t word_at(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Length of the string at an offset, or the rest of the tree when it does not end. */
static uint32_t text_bytes(const tree_view *tree, uint32_t at) {
  uint32_t count = 0;
  while (at + count < tree->total && tree->bytes[at + count] != 0) ++count;
  return count;
}

static bool text_is(const tree_view *tree, uint32_t at, const char *text) {
  const uint32_t count = text_bytes(tree, at);
  return count == strlen(text) && memcmp(tree->bytes + at, text, count) == 0;
}

static bool open_tree(const void *memory, tree_view *tree) {
  const uint8_t *bytes = memory;
  if (bytes == NULL || ((uintptr_t)memory & 3u) != 0 || word_at(bytes) != TREE_MAGIC) return false;
  tree->bytes = bytes;
  tree->total = word_at(bytes + 4);
  tree->structure = word_at(bytes + 8);
  tree->strings = word_at(bytes + 12);
  return tree->total <= TREE_MAX_BYTES && tree->structure < tree->total &&
         tree->strings < tree->total;
}

/* Value of /chosen/bootargs; NULL when it is not there. */
static const char *find_bootargs(const tree_view *tree, uint32_t *bytes) {
  uint32_t at = tree->structure;
  unsigned depth = 0;
  bool in_chosen = false;
  while (at + 4 <= tree->total) {
    const uint32_t token = word_at(tree->bytes + at);
    at += 4;
    if (token == TOKEN_BEGIN_NODE) {
      depth += 1;
      in_chosen = depth == 2 && text_is(tree, at, "chosen");
      at += (text_bytes(tree, at) + 4u) & ~3u;
    } else if (token == TOKEN_END_NODE) {
      if (depth == 0) return NULL;
      depth -= 1;
      in_chosen = false;
    } else if (token == TOKEN_PROPERTY) {
      if (at + 8 > tree->total) return NULL;
      const uint32_t length = word_at(tree->bytes + at);
      const uint32_t name = word_at(tree->bytes + at + 4);
      at += 8;
      if (length > tree->total - at || name >= tree->total - tree->strings) return NULL;
      if (in_chosen && text_is(tree, tree->strings + name, "bootargs")) {
        *bytes = length;
        return (const char *)(tree->bytes + at);
      }
      at += (length + 3u) & ~3u;
    } else if (token != TOKEN_NOTHING) {
      return NULL;
    }
  }
  return NULL;
}

/* What follows key in the word at text, which has bytes characters; NULL when it is another. */
static const char *value_of(const char *key, const char *text, size_t bytes, size_t *value_bytes) {
  const size_t key_bytes = strlen(key);
  if (bytes < key_bytes || memcmp(text, key, key_bytes) != 0) return NULL;
  *value_bytes = bytes - key_bytes;
  return text + key_bytes;
}

static uint32_t parse_baud(const char *digits, size_t count) {
  uint32_t baud = 0;
  for (size_t i = 0; i < count; ++i) {
    if (digits[i] < '0' || digits[i] > '9' || baud > 1000000u) return PN_DEFAULT_BAUD;
    baud = baud * 10u + (uint32_t)(digits[i] - '0');
  }
  return baud >= 9600u && baud <= 4000000u ? baud : PN_DEFAULT_BAUD;
}

static bool separates_words(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\0'; }

pn_boot_options pn_boot_options_parse(const char *text, size_t bytes) {
  pn_boot_options options = {PN_DEFAULT_BAUD, false};
  size_t at = 0;
  while (at < bytes) {
    size_t end = at;
    while (end < bytes && !separates_words(text[end])) ++end;
    size_t count = 0;
    const char *baud = value_of("percepnet.baud=", text + at, end - at, &count);
    if (baud != NULL) options.baud = parse_baud(baud, count);
    const char *uart = value_of("percepnet.uart=", text + at, end - at, &count);
    if (uart != NULL) options.mini_uart = count == 4 && memcmp(uart, "mini", 4) == 0;
    at = end + 1;
  }
  return options;
}

size_t pn_device_tree_bytes(const void *memory) {
  tree_view tree;
  return open_tree(memory, &tree) ? tree.total : 0;
}

pn_boot_options pn_boot_options_read(const void *memory) {
  tree_view tree;
  uint32_t bytes = 0;
  const char *text = open_tree(memory, &tree) ? find_bootargs(&tree, &bytes) : NULL;
  return pn_boot_options_parse(text, text == NULL ? 0 : bytes);
}
