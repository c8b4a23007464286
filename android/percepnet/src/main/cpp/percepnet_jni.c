/* SPDX-License-Identifier: Apache-2.0 */
/* The native methods of org.percepnet.PercepNetNative.
 *
 * Nothing here throws: a method returns a pn_status, or a voice probability that is never
 * negative, and Java makes the exception. Samples are copied to the stack: a critical section
 * would hold the garbage collector up for a whole frame. Java lets one thread at a time use a
 * handle. */
#include <jni.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "percepnet/percepnet.h"

#define CLASS_NAME "org/percepnet/PercepNetNative"
#define IMAGE_ALIGNMENT 64u /* a cache line; the library asks for 16 bytes */
#define FULL_SCALE 32768.0f
/* 1.5 * 2^23: a float of that size has no bits below one, so adding it rounds, ties to even. */
#define ROUNDER 12582912.0f

/* PercepNet.java states these numbers too. */
_Static_assert(PN_FRAME_SAMPLES == 480 && PN_SAMPLE_RATE == 48000 && PN_DELAY_SAMPLES == 1440,
               "PercepNet.java states other numbers");

/* What a handle points to; the copy of a model follows it in the same allocation. */
typedef struct session {
  pn_state *state;
  int32_t voice_q15; /* of the last frame */
  jint fill;         /* samples waiting in fifo_in, samples gone from fifo_out */
  int16_t fifo_in[PN_FRAME_SAMPLES];
  int16_t fifo_out[PN_FRAME_SAMPLES];
} session;

static session *from_handle(jlong handle) { return (session *)(intptr_t)handle; }

static bool array_holds(JNIEnv *env, jarray array, jint offset, jint count) {
  if (array == NULL || offset < 0 || count < 0) return false;
  return offset <= (*env)->GetArrayLength(env, array) - count;
}

/* Address of count bytes in a direct buffer, or NULL. */
static void *buffer_bytes(JNIEnv *env, jobject buffer, jint offset, jint count) {
  if (buffer == NULL || offset < 0 || count < 0) return NULL;
  unsigned char *start = (*env)->GetDirectBufferAddress(env, buffer);
  if (start == NULL || offset > (*env)->GetDirectBufferCapacity(env, buffer) - count) return NULL;
  return start + offset;
}

static session *session_allocate(size_t model_bytes) {
  session *made = malloc(sizeof *made + IMAGE_ALIGNMENT + model_bytes);
  if (made != NULL) memset(made, 0, sizeof *made);
  return made;
}

static unsigned char *session_image(session *made) {
  unsigned char *end = (unsigned char *)(made + 1);
  return end + (IMAGE_ALIGNMENT - (uintptr_t)end % IMAGE_ALIGNMENT);
}

/* Builds the state; model_bytes 0 asks for the model that is built in. Frees made on error. */
static jint session_start(JNIEnv *env, session *made, size_t model_bytes, jlongArray handle) {
  pn_config config;
  pn_config_init(&config);
  if (model_bytes > 0) {
    config.model_image = session_image(made);
    config.model_bytes = model_bytes;
  }
  const pn_status status = pn_create(&config, &made->state);
  if (status != PN_OK) {
    free(made);
    return status;
  }
  const jlong value = (jlong)(intptr_t)made;
  (*env)->SetLongArrayRegion(env, handle, 0, 1, &value);
  return PN_OK;
}

static jint JNICALL create_built_in(JNIEnv *env, jclass type, jlongArray handle) {
  (void)type;
  if (!array_holds(env, handle, 0, 1)) return PN_ERROR_NULL;
  session *made = session_allocate(0);
  return made == NULL ? PN_ERROR_NO_MEMORY : session_start(env, made, 0, handle);
}

static jint JNICALL create_from_array(JNIEnv *env, jclass type, jbyteArray model,
                                      jlongArray handle) {
  (void)type;
  if (model == NULL || !array_holds(env, handle, 0, 1)) return PN_ERROR_NULL;
  const jsize bytes = (*env)->GetArrayLength(env, model);
  if (bytes == 0) return PN_ERROR_MODEL_TRUNCATED;
  session *made = session_allocate((size_t)bytes);
  if (made == NULL) return PN_ERROR_NO_MEMORY;
  (*env)->GetByteArrayRegion(env, model, 0, bytes, (jbyte *)session_image(made));
  return session_start(env, made, (size_t)bytes, handle);
}

/* Copies as well: memory that Java can still write must not change under a checked model. */
static jint JNICALL create_from_buffer(JNIEnv *env, jclass type, jobject model, jint offset,
                                       jint bytes, jlongArray handle) {
  (void)type;
  const void *image = buffer_bytes(env, model, offset, bytes);
  if (image == NULL || !array_holds(env, handle, 0, 1)) return PN_ERROR_NULL;
  if (bytes == 0) return PN_ERROR_MODEL_TRUNCATED;
  session *made = session_allocate((size_t)bytes);
  if (made == NULL) return PN_ERROR_NO_MEMORY;
  memcpy(session_image(made), image, (size_t)bytes);
  return session_start(env, made, (size_t)bytes, handle);
}

static void JNICALL destroy(JNIEnv *env, jclass type, jlong handle) {
  (void)env, (void)type;
  session *used = from_handle(handle);
  if (used == NULL) return;
  pn_destroy(used->state);
  free(used);
}

/* One frame; the voice probability in Q15 or a negative status. */
static jint clean_frame(session *used, const int16_t *in, int16_t *out) {
  pn_frame_info info;
  const pn_status status = pn_process_frame(used->state, in, out, &info);
  if (status != PN_OK) return status;
  used->voice_q15 = info.voice_probability_q15;
  return used->voice_q15;
}

static jint JNICALL process_shorts(JNIEnv *env, jclass type, jlong handle, jshortArray in,
                                   jint in_offset, jshortArray out, jint out_offset) {
  (void)type;
  int16_t frame[PN_FRAME_SAMPLES];
  session *used = from_handle(handle);
  if (used == NULL) return PN_ERROR_NULL;
  if (!array_holds(env, in, in_offset, PN_FRAME_SAMPLES)) return PN_ERROR_RANGE;
  if (!array_holds(env, out, out_offset, PN_FRAME_SAMPLES)) return PN_ERROR_RANGE;
  (*env)->GetShortArrayRegion(env, in, in_offset, PN_FRAME_SAMPLES, frame);
  const jint voice = clean_frame(used, frame, frame);
  (*env)->SetShortArrayRegion(env, out, out_offset, PN_FRAME_SAMPLES, frame);
  return voice;
}

static void to_shorts(const jfloat *in, int16_t *out) {
  for (int i = 0; i < PN_FRAME_SAMPLES; i++) {
    float value = in[i] * FULL_SCALE;
    value = in[i] - in[i] == 0.0f ? value : 0.0f; /* infinite or no number: silence */
    value = value > 32767.0f ? 32767.0f : value;
    value = value < -32768.0f ? -32768.0f : value;
    out[i] = (int16_t)(int32_t)((value + ROUNDER) - ROUNDER);
  }
}

static void to_floats(const int16_t *in, jfloat *out) {
  for (int i = 0; i < PN_FRAME_SAMPLES; i++) out[i] = (float)in[i] * (1.0f / FULL_SCALE);
}

static jint JNICALL process_floats(JNIEnv *env, jclass type, jlong handle, jfloatArray in,
                                   jint in_offset, jfloatArray out, jint out_offset) {
  (void)type;
  jfloat samples[PN_FRAME_SAMPLES];
  int16_t frame[PN_FRAME_SAMPLES];
  session *used = from_handle(handle);
  if (used == NULL) return PN_ERROR_NULL;
  if (!array_holds(env, in, in_offset, PN_FRAME_SAMPLES)) return PN_ERROR_RANGE;
  if (!array_holds(env, out, out_offset, PN_FRAME_SAMPLES)) return PN_ERROR_RANGE;
  (*env)->GetFloatArrayRegion(env, in, in_offset, PN_FRAME_SAMPLES, samples);
  to_shorts(samples, frame);
  const jint voice = clean_frame(used, frame, frame);
  to_floats(frame, samples);
  (*env)->SetFloatArrayRegion(env, out, out_offset, PN_FRAME_SAMPLES, samples);
  return voice;
}

/* Through the stack too: a slice of a buffer may start at an odd address. */
static jint JNICALL process_buffers(JNIEnv *env, jclass type, jlong handle, jobject in,
                                    jint in_offset, jobject out, jint out_offset) {
  (void)type;
  int16_t frame[PN_FRAME_SAMPLES];
  session *used = from_handle(handle);
  if (used == NULL) return PN_ERROR_NULL;
  const void *from = buffer_bytes(env, in, in_offset, (jint)sizeof frame);
  void *to = buffer_bytes(env, out, out_offset, (jint)sizeof frame);
  if (from == NULL || to == NULL) return PN_ERROR_RANGE;
  memcpy(frame, from, sizeof frame);
  const jint voice = clean_frame(used, frame, frame);
  memcpy(to, frame, sizeof frame);
  return voice;
}

/* The bits of pn_process, which does not tell the voice probability. */
static jint JNICALL process_block(JNIEnv *env, jclass type, jlong handle, jshortArray in,
                                  jint in_offset, jshortArray out, jint out_offset, jint samples) {
  (void)type;
  session *used = from_handle(handle);
  if (used == NULL) return PN_ERROR_NULL;
  if (!array_holds(env, in, in_offset, samples)) return PN_ERROR_RANGE;
  if (!array_holds(env, out, out_offset, samples)) return PN_ERROR_RANGE;
  for (jint done = 0; done < samples;) {
    const jint space = PN_FRAME_SAMPLES - used->fill;
    const jint part = samples - done < space ? samples - done : space;
    (*env)->GetShortArrayRegion(env, in, in_offset + done, part, used->fifo_in + used->fill);
    (*env)->SetShortArrayRegion(env, out, out_offset + done, part, used->fifo_out + used->fill);
    used->fill += part;
    done += part;
    if (used->fill < PN_FRAME_SAMPLES) continue;
    used->fill = 0;
    const jint voice = clean_frame(used, used->fifo_in, used->fifo_out);
    if (voice < 0) return voice;
  }
  return used->voice_q15;
}

static jint JNICALL reset(JNIEnv *env, jclass type, jlong handle) {
  (void)env, (void)type;
  session *used = from_handle(handle);
  if (used == NULL) return PN_ERROR_NULL;
  used->voice_q15 = 0;
  used->fill = 0;
  memset(used->fifo_out, 0, sizeof used->fifo_out);
  return pn_reset(used->state);
}

static jint JNICALL set_attenuation_limit_db(JNIEnv *env, jclass type, jlong handle, jint limit) {
  (void)env, (void)type;
  session *used = from_handle(handle);
  return used == NULL ? PN_ERROR_NULL : pn_set_attenuation_limit_db(used->state, limit);
}

static jint JNICALL set_bypass(JNIEnv *env, jclass type, jlong handle, jboolean bypass) {
  (void)env, (void)type;
  session *used = from_handle(handle);
  return used == NULL ? PN_ERROR_NULL : pn_set_bypass(used->state, bypass);
}

static jstring JNICALL kernel_name(JNIEnv *env, jclass type, jlong handle) {
  (void)type;
  session *used = from_handle(handle);
  return (*env)->NewStringUTF(env, pn_kernel_name(used == NULL ? NULL : used->state));
}

static jstring JNICALL version(JNIEnv *env, jclass type) {
  (void)type;
  return (*env)->NewStringUTF(env, pn_version());
}

static jstring JNICALL error_text(JNIEnv *env, jclass type, jint status) {
  (void)type;
  return (*env)->NewStringUTF(env, pn_error_string((pn_status)status));
}

/* A table instead of Java_ names: a class that does not fit fails at load, not in a call. */
JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved) {
  static const JNINativeMethod methods[] = {
      {"createBuiltIn", "([J)I", (void *)create_built_in},
      {"createFromArray", "([B[J)I", (void *)create_from_array},
      {"createFromBuffer", "(Ljava/nio/ByteBuffer;II[J)I", (void *)create_from_buffer},
      {"destroy", "(J)V", (void *)destroy},
      {"processShorts", "(J[SI[SI)I", (void *)process_shorts},
      {"processFloats", "(J[FI[FI)I", (void *)process_floats},
      {"processBuffers", "(JLjava/nio/ByteBuffer;ILjava/nio/ByteBuffer;I)I",
       (void *)process_buffers},
      {"processBlock", "(J[SI[SII)I", (void *)process_block},
      {"reset", "(J)I", (void *)reset},
      {"setAttenuationLimitDb", "(JI)I", (void *)set_attenuation_limit_db},
      {"setBypass", "(JZ)I", (void *)set_bypass},
      {"kernelName", "(J)Ljava/lang/String;", (void *)kernel_name},
      {"version", "()Ljava/lang/String;", (void *)version},
      {"errorText", "(I)Ljava/lang/String;", (void *)error_text},
  };
  void *found = NULL;
  (void)reserved;
  if ((*vm)->GetEnv(vm, &found, JNI_VERSION_1_6) != JNI_OK) return JNI_ERR;
  JNIEnv *env = found;
  const jclass type = (*env)->FindClass(env, CLASS_NAME);
  if (type == NULL) return JNI_ERR;
  const jint count = (jint)(sizeof methods / sizeof methods[0]);
  return (*env)->RegisterNatives(env, type, methods, count) == JNI_OK ? JNI_VERSION_1_6 : JNI_ERR;
}
