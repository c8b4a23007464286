// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Sample files and the ways through the denoiser that give a whole signal. */
final class Sound {
  static final int FRAME = 480;

  private Sound() {}

  static short[] read(Path path) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.nativeOrder());
    short[] samples = new short[bytes.remaining() / 2];
    bytes.asShortBuffer().get(samples);
    return samples;
  }

  static void write(Path path, short[] samples) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(2 * samples.length).order(ByteOrder.nativeOrder());
    bytes.asShortBuffer().put(samples);
    Files.write(path, bytes.array());
  }

  static short[] frames(PercepNet net, short[] in) {
    short[] out = new short[in.length];
    for (int i = 0; i < in.length; i += FRAME) net.process(in, i, out, i);
    return out;
  }

  static short[] floatFrames(PercepNet net, short[] in) {
    float[] samples = new float[in.length];
    for (int i = 0; i < in.length; i++) samples[i] = in[i] / 32768f;
    for (int i = 0; i < in.length; i += FRAME) net.process(samples, i, samples, i);
    short[] out = new short[in.length];
    for (int i = 0; i < in.length; i++) {
      out[i] = (short) (samples[i] * 32768f);
      Check.isTrue(out[i] / 32768f == samples[i], "sample " + i + " has no 16-bit value");
    }
    return out;
  }

  /** Through direct buffers, the output one byte off, as a slice of another buffer may be. */
  static short[] bufferFrames(PercepNet net, short[] in) {
    ByteBuffer from = ByteBuffer.allocateDirect(2 * in.length).order(ByteOrder.nativeOrder());
    from.asShortBuffer().put(in);
    ByteBuffer to = ByteBuffer.allocateDirect(2 * in.length + 1);
    for (int i = 0; i < in.length; i += FRAME) net.process(from, 2 * i, to, 2 * i + 1);
    Check.isEqual(from.position() + to.position(), 0);
    short[] out = new short[in.length];
    to.position(1);
    to.slice().order(ByteOrder.nativeOrder()).asShortBuffer().get(out);
    return out;
  }

  /** In blocks of random sizes from 0 to the largest. */
  static short[] blocks(PercepNet net, short[] in, int largest) {
    Random random = new Random(largest);
    short[] out = new short[in.length];
    for (int start = 0; start < in.length; ) {
      int size = Math.min(random.nextInt(largest + 1), in.length - start);
      net.processAny(in, start, out, start, size);
      start += size;
    }
    return out;
  }
}
