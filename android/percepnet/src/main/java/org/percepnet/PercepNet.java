// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.nio.ByteBuffer;

/**
 * Removes noise and reverberation from speech: 48 kHz, one channel, 16-bit samples, 10 ms frames.
 *
 * <p>One instance is one stream and keeps what it heard before: use one per channel, feed it
 * frames in order, and {@link #close} it. What comes out is what went in {@link #getDelaySamples}
 * samples earlier, cleaned.
 *
 * <p>Any thread may call any method. Calls on one instance wait for each other: a setting changed
 * during {@code process} takes effect with the next frame, and {@code close} waits for the frame at
 * hand. Instances do not wait for each other. After close every method that works on the stream
 * throws {@link IllegalStateException}; nothing that is called in a wrong way harms the process.
 *
 * <p>The {@code process} methods allocate nothing, read no file and take no other lock. Their input
 * and output may be the same memory.
 *
 * <p>An instance that was dropped without close keeps its native memory (about 120 KB, and a copy
 * of a model given as bytes) until it is collected and another instance is made.
 */
public final class PercepNet implements AutoCloseable {
  private static final int FRAME_LENGTH = 480;
  private static final int FRAME_BYTES = 2 * FRAME_LENGTH;
  private static final int SAMPLE_RATE = 48000;
  private static final int DELAY_SAMPLES = 1440;
  private static final float VOICE_SCALE = 1f / 32768;

  private final Session session;
  private final String kernelName;

  /**
   * With the model that is built in.
   *
   * @throws PercepNetException if the library was built without a model or memory is short
   */
  public PercepNet() {
    session = Session.openBuiltIn(this);
    kernelName = session.kernelName();
  }

  /**
   * With a model of your own.
   *
   * @param model what a {@code .pnm} file holds; it is copied
   * @throws PercepNetException if it is not a model, is damaged, or is of another version
   */
  public PercepNet(byte[] model) {
    session = Session.open(this, model);
    kernelName = session.kernelName();
  }

  /**
   * With a model of your own from a direct buffer, such as a mapped file.
   *
   * @param model holds a {@code .pnm} file between position and limit, which stay as they are; it
   *     is copied
   * @throws IllegalArgumentException if the buffer is not direct
   * @throws PercepNetException if it is not a model, is damaged, or is of another version
   */
  public PercepNet(ByteBuffer model) {
    session = Session.open(this, model);
    kernelName = session.kernelName();
  }

  /** Samples in a frame: 480. */
  public int getFrameLength() {
    return FRAME_LENGTH;
  }

  /** Samples in a second: 48000. */
  public int getSampleRate() {
    return SAMPLE_RATE;
  }

  /** Delay of the {@code process} methods: 1440 samples, 30 ms. */
  public int getDelaySamples() {
    return DELAY_SAMPLES;
  }

  /** Delay of {@link #processAny}: 1920 samples, 40 ms, whatever the size of the blocks. */
  public int getAnyDelaySamples() {
    return DELAY_SAMPLES + FRAME_LENGTH;
  }

  /**
   * Cleans one frame.
   *
   * @param in 480 samples from {@code inOffset} on
   * @param out takes 480 samples from {@code outOffset} on; may be {@code in}
   * @throws IllegalArgumentException if an array is too short or an offset negative
   * @throws IllegalStateException after close
   */
  public void process(short[] in, int inOffset, short[] out, int outOffset) {
    Arguments.checkPresent(in, "in");
    Arguments.checkPresent(out, "out");
    Arguments.checkRange("in", in.length, inOffset, FRAME_LENGTH, "samples");
    Arguments.checkRange("out", out.length, outOffset, FRAME_LENGTH, "samples");
    session.process(in, inOffset, out, outOffset);
  }

  /**
   * Cleans one frame of samples between -1 and 1.
   *
   * <p>Inside, samples have 16 bits: a value is multiplied by 32768, clamped to -32768..32767 and
   * rounded to nearest, ties to even; what is infinite or no number becomes 0. A value that comes
   * out is a 16-bit sample divided by 32768.
   *
   * @param in 480 samples from {@code inOffset} on
   * @param out takes 480 samples from {@code outOffset} on; may be {@code in}
   * @throws IllegalArgumentException if an array is too short or an offset negative
   * @throws IllegalStateException after close
   */
  public void process(float[] in, int inOffset, float[] out, int outOffset) {
    Arguments.checkPresent(in, "in");
    Arguments.checkPresent(out, "out");
    Arguments.checkRange("in", in.length, inOffset, FRAME_LENGTH, "samples");
    Arguments.checkRange("out", out.length, outOffset, FRAME_LENGTH, "samples");
    session.process(in, inOffset, out, outOffset);
  }

  /**
   * Cleans one frame in direct buffers: 16-bit samples in the byte order of the processor, whatever
   * the buffer's {@code order()} says, as {@code AudioRecord} and {@code AudioTrack} have them.
   *
   * @param in 960 bytes from the absolute offset {@code inOffset} (in bytes) on
   * @param out takes 960 bytes from {@code outOffset} on; may be {@code in}
   * @throws IllegalArgumentException if a buffer is not direct or its limit comes too early (its
   *     position does not count), {@code out} is read-only, or an offset is negative
   * @throws IllegalStateException after close
   */
  public void process(ByteBuffer in, int inOffset, ByteBuffer out, int outOffset) {
    Arguments.checkDirect(in, "in");
    Arguments.checkDirect(out, "out");
    Arguments.checkWritable(out, "out");
    Arguments.checkRange("in", in.limit(), inOffset, FRAME_BYTES, "bytes");
    Arguments.checkRange("out", out.limit(), outOffset, FRAME_BYTES, "bytes");
    session.process(in, inOffset, out, outOffset);
  }

  /**
   * Cleans any number of samples; the delay is {@link #getAnyDelaySamples}.
   *
   * <p>A frame is computed in the call that completes it. Do not change between this method and
   * {@code process} without {@link #reset}.
   *
   * @param in {@code samples} samples from {@code inOffset} on
   * @param out takes as many from {@code outOffset} on; may be {@code in} with the same offset,
   *     else the two ranges must not overlap
   * @param samples 0 or more
   * @throws IllegalArgumentException if an array is too short, or a number negative
   * @throws IllegalStateException after close
   */
  public void processAny(short[] in, int inOffset, short[] out, int outOffset, int samples) {
    Arguments.checkPresent(in, "in");
    Arguments.checkPresent(out, "out");
    Arguments.checkSamples(samples);
    Arguments.checkRange("in", in.length, inOffset, samples, "samples");
    Arguments.checkRange("out", out.length, outOffset, samples, "samples");
    session.processAny(in, inOffset, out, outOffset, samples);
  }

  /**
   * How likely the frame that came out last holds speech, 0 to 1; 0 before the first. Waits for
   * nothing and may be asked after close.
   */
  public float getVoiceProbability() {
    return session.voiceQ15() * VOICE_SCALE;
  }

  /** By how many dB noise is lowered at most; 100, the value at first, is no limit. */
  public int getAttenuationLimitDb() {
    return session.attenuationLimitDb();
  }

  /**
   * Never attenuates by more than {@code limitDb}.
   *
   * @throws IllegalArgumentException outside 0 to 100
   */
  public void setAttenuationLimitDb(int limitDb) {
    Arguments.checkAttenuationLimit(limitDb);
    session.setAttenuationLimitDb(limitDb);
  }

  /** Whether the input passes unchanged; false at first. */
  public boolean isBypass() {
    return session.bypass();
  }

  /** True passes the input unchanged, with the same delay; the network keeps listening. */
  public void setBypass(boolean bypass) {
    session.setBypass(bypass);
  }

  /** Forgets the stream, for a new one; the settings stay. */
  public void reset() {
    session.reset();
  }

  /** Which inner loops run: {@code neon}, {@code dotprod}, {@code i8mm}, {@code scalar}, ... */
  public String getKernelName() {
    return kernelName;
  }

  /** Version of the native library, such as {@code 0.1.0}. */
  public static String version() {
    return PercepNetNative.version();
  }

  /** Frees the native memory; a second call does nothing. */
  @Override
  public void close() {
    session.close();
  }
}
