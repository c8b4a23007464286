/* SPDX-License-Identifier: Apache-2.0 */
/* Calls the Java layer without a JVM, for the instruction counter: each way of processing gets a
 * state of its own and the same frames, and a mark after it; "direct" is the library alone.
 * What stands in for the JVM checks ranges and copies, as a JVM does. */
#include <jni.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "percepnet/percepnet.h"

#define MARK(name)                                  \
  void pn_mark_##name(void);                        \
  __attribute__((noinline)) void pn_mark_##name(void) { __asm__ volatile("" ::: "memory"); }
#define FRAMES 6

MARK(frame)
MARK(direct)
MARK(shorts)
MARK(floats)
MARK(buffers)
MARK(block)

typedef struct fake_object {
  jint length;
  void *data;
} fake_object;

typedef jint (*process_objects)(JNIEnv *, jclass, jlong, jobject, jint, jobject, jint);
typedef jint (*process_samples)(JNIEnv *, jclass, jlong, jobject, jint, jobject, jint, jint);
typedef jint (*create_built_in)(JNIEnv *, jclass, jobject);

static JNINativeMethod registered[32];
static int registered_count;

static void copy_region(void *to, const void *from, jobject array, jint start, jint count,
                        size_t size) {
  const fake_object *object = (const fake_object *)(void *)array;
  if (start < 0 || count < 0 || start > object->length - count) abort();
  memcpy(to, from, (size_t)count * size);
}

#define REGIONS(name, type)                                                                   \
  static void JNICALL get_##name(JNIEnv *env, jobject array, jsize start, jsize count,        \
                                 type *to) {                                                  \
    (void)env;                                                                                \
    const type *data = ((fake_object *)(void *)array)->data;                                  \
    copy_region(to, data + start, array, start, count, sizeof *to);                           \
  }                                                                                           \
  static void JNICALL set_##name(JNIEnv *env, jobject array, jsize start, jsize count,        \
                                 const type *from) {                                          \
    (void)env;                                                                                \
    type *data = ((fake_object *)(void *)array)->data;                                        \
    copy_region(data + start, from, array, start, count, sizeof *from);                       \
  }

REGIONS(shorts, jshort)
REGIONS(floats, jfloat)

static void JNICALL set_longs(JNIEnv *env, jlongArray array, jsize start, jsize count,
                              const jlong *from) {
  (void)env;
  jlong *data = ((fake_object *)(void *)array)->data;
  copy_region(data + start, from, array, start, count, sizeof *from);
}

static jsize JNICALL array_length(JNIEnv *env, jarray array) {
  (void)env;
  return ((fake_object *)(void *)array)->length;
}

static void *JNICALL buffer_address(JNIEnv *env, jobject buffer) {
  (void)env;
  return ((fake_object *)(void *)buffer)->data;
}

static jlong JNICALL buffer_capacity(JNIEnv *env, jobject buffer) {
  (void)env;
  return ((fake_object *)(void *)buffer)->length;
}

static jclass JNICALL find_class(JNIEnv *env, const char *name) {
  static fake_object type;
  (void)env, (void)name;
  return (jclass)(void *)&type;
}

static jint JNICALL register_natives(JNIEnv *env, jclass type, const JNINativeMethod *methods,
                                     jint count) {
  (void)env, (void)type;
  if (count > 32) abort();
  memcpy(registered, methods, (size_t)count * sizeof *methods);
  registered_count = count;
  return JNI_OK;
}

static const struct JNINativeInterface_ functions = {
    .FindClass = find_class,
    .RegisterNatives = register_natives,
    .GetArrayLength = array_length,
    .GetShortArrayRegion = get_shorts,
    .SetShortArrayRegion = set_shorts,
    .GetFloatArrayRegion = get_floats,
    .SetFloatArrayRegion = set_floats,
    .SetLongArrayRegion = set_longs,
    .GetDirectBufferAddress = buffer_address,
    .GetDirectBufferCapacity = buffer_capacity,
};
static JNIEnv environment = &functions;

static jint JNICALL get_environment(JavaVM *vm, void **found, jint version) {
  (void)vm, (void)version;
  *found = &environment;
  return JNI_OK;
}

static void *method(const char *name) {
  for (int i = 0; i < registered_count; i++) {
    if (strcmp(registered[i].name, name) == 0) return registered[i].fnPtr;
  }
  fprintf(stderr, "no native method %s\n", name);
  exit(EXIT_FAILURE);
}

static jlong opened(void) {
  jlong handle = 0;
  fake_object place = {1, &handle};
  create_built_in create = (create_built_in)method("createBuiltIn");
  if (create(&environment, NULL, (jobject)(void *)&place) != PN_OK) exit(EXIT_FAILURE);
  return handle;
}

static void process(const char *name, jlong handle, fake_object *samples) {
  const jobject array = (jobject)(void *)samples;
  process_objects run = (process_objects)method(name);
  if (run(&environment, NULL, handle, array, 0, array, 0) < 0) exit(EXIT_FAILURE);
}

static void fill(jshort *shorts, jfloat *floats, unsigned *seed) {
  for (int i = 0; i < PN_FRAME_SAMPLES; i++) {
    *seed = *seed * 1664525u + 1013904223u;
    shorts[i] = (jshort)((int)(*seed >> 18) - 8192);
    floats[i] = (float)shorts[i] / 32768.0f;
  }
}

int main(void) {
  const struct JNIInvokeInterface_ invoke = {.GetEnv = get_environment};
  JavaVM vm = &invoke;
  pn_state *alone = NULL;
  unsigned seed = 1;
  if (JNI_OnLoad(&vm, NULL) != JNI_VERSION_1_6) return EXIT_FAILURE;
  if (pn_create(NULL, &alone) != PN_OK) return EXIT_FAILURE;
  const jlong by_shorts = opened(), by_floats = opened(), by_buffers = opened();
  const jlong by_block = opened();
  for (int i = 0; i < FRAMES; i++) {
    static jshort own[PN_FRAME_SAMPLES], shorts[PN_FRAME_SAMPLES], bytes[PN_FRAME_SAMPLES];
    static jshort block[PN_FRAME_SAMPLES];
    static jfloat floats[PN_FRAME_SAMPLES];
    pn_frame_info info;
    fill(own, floats, &seed);
    memcpy(shorts, own, sizeof own);
    memcpy(bytes, own, sizeof own);
    memcpy(block, own, sizeof own);
    fake_object short_array = {PN_FRAME_SAMPLES, shorts};
    fake_object float_array = {PN_FRAME_SAMPLES, floats};
    fake_object buffer = {(jint)sizeof bytes, bytes};
    fake_object block_array = {PN_FRAME_SAMPLES, block};
    const jobject blocks = (jobject)(void *)&block_array;
    process_samples run_block = (process_samples)method("processBlock");
    pn_mark_frame();
    if (pn_process_frame(alone, own, own, &info) != PN_OK) return EXIT_FAILURE;
    pn_mark_direct();
    process("processShorts", by_shorts, &short_array);
    pn_mark_shorts();
    process("processFloats", by_floats, &float_array);
    pn_mark_floats();
    process("processBuffers", by_buffers, &buffer);
    pn_mark_buffers();
    run_block(&environment, NULL, by_block, blocks, 0, blocks, 0, PN_FRAME_SAMPLES);
    pn_mark_block();
  }
  return EXIT_SUCCESS;
}
