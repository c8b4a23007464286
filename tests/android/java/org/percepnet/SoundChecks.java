// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** All ways through the denoiser give the same samples. */
final class SoundChecks {
  private final Path folder;
  private final short[] noisy;

  SoundChecks(Path folder) throws Exception {
    this.folder = folder;
    noisy = Sound.read(folder.resolve("noisy.s16"));
  }

  void run() {
    Check.that("frames", () -> Sound.write(folder.resolve("frames.s16"), clean()));
    Check.that("blocks", this::blocks);
    Check.that("in place", this::inPlace);
    Check.that("floats", () -> isSame(Sound.floatFrames(new PercepNet(), noisy)));
    Check.that("direct buffers", () -> isSame(Sound.bufferFrames(new PercepNet(), noisy)));
    Check.that("floats are clamped and rounded", this::rounding);
    Check.that("any block size", this::blockSizes);
    Check.that("reset", this::reset);
    Check.that("bypass", this::bypass);
    Check.that("attenuation limit", this::attenuationLimit);
    Check.that("voice probability", this::voiceProbability);
    Check.that("model from bytes", this::modelFromBytes);
    Check.that("facts", this::facts);
  }

  private short[] clean() {
    try (PercepNet net = new PercepNet()) {
      return Sound.frames(net, noisy);
    }
  }

  private void isSame(short[] found) {
    Check.isTrue(Arrays.equals(found, clean()), "other samples");
  }

  private void blocks() throws Exception {
    try (PercepNet net = new PercepNet()) {
      Sound.write(folder.resolve("blocks.s16"), Sound.blocks(net, noisy, 1000));
    }
  }

  private void inPlace() {
    short[] samples = noisy.clone();
    try (PercepNet net = new PercepNet()) {
      for (int i = 0; i < samples.length; i += Sound.FRAME) net.process(samples, i, samples, i);
    }
    isSame(samples);
  }

  private void rounding() {
    float[] in = new float[Sound.FRAME];
    float[] given = {1f, -1f, 2f, -1e30f, 0.5f / 32768, 1.5f / 32768, -2.5f / 32768, Float.NaN,
        Float.POSITIVE_INFINITY, 32767.4f / 32768, 0.49999997f / 32768};
    float[] expected = {32767, -32768, 32767, -32768, 0, 2, -2, 0, 0, 32767, 0};
    System.arraycopy(given, 0, in, 0, given.length);
    float[] out = new float[Sound.FRAME];
    try (PercepNet net = new PercepNet()) {
      net.setBypass(true);
      for (int i = 0; i <= net.getDelaySamples(); i += Sound.FRAME) net.process(in, 0, out, 0);
    }
    for (int i = 0; i < expected.length; i++) Check.isEqual(out[i] * 32768, expected[i]);
  }

  private void blockSizes() {
    short[] expected = new short[noisy.length];
    System.arraycopy(clean(), 0, expected, Sound.FRAME, noisy.length - Sound.FRAME);
    for (int largest : new int[] {1, 479, 480, 481, 5000}) {
      try (PercepNet net = new PercepNet()) {
        short[] found = Sound.blocks(net, noisy, largest);
        Check.isTrue(Arrays.equals(found, expected), "other samples up to " + largest);
      }
    }
  }

  private void reset() {
    try (PercepNet net = new PercepNet()) {
      Sound.blocks(net, Arrays.copyOf(noisy, 48123), 700);
      net.reset();
      Check.isEqual(net.getVoiceProbability(), 0f);
      isSame(Sound.frames(net, noisy));
    }
  }

  private void bypass() {
    try (PercepNet net = new PercepNet()) {
      Check.isTrue(!net.isBypass(), "on at first");
      net.setBypass(true);
      Check.isTrue(net.isBypass(), "not on");
      short[] out = Sound.frames(net, noisy);
      int delay = net.getDelaySamples();
      short[] late = Arrays.copyOfRange(out, delay, out.length);
      Check.isTrue(Arrays.equals(late, Arrays.copyOf(noisy, late.length)), "other samples");
    }
  }

  private void attenuationLimit() {
    try (PercepNet net = new PercepNet()) {
      Check.isEqual(net.getAttenuationLimitDb(), 100);
      net.setAttenuationLimitDb(6);
      Check.isEqual(net.getAttenuationLimitDb(), 6);
      Check.isTrue(!Arrays.equals(Sound.frames(net, noisy), clean()), "changes nothing");
      net.reset();
      Check.isEqual(net.getAttenuationLimitDb(), 6);
    }
  }

  private void voiceProbability() throws Exception {
    short[] voice = new short[noisy.length / Sound.FRAME];
    try (PercepNet net = new PercepNet();
        PercepNet any = new PercepNet()) {
      Check.isEqual(net.getVoiceProbability(), 0f);
      short[] out = new short[Sound.FRAME];
      for (int i = 0; i < voice.length; i++) {
        net.process(noisy, i * Sound.FRAME, out, 0);
        any.processAny(noisy, i * Sound.FRAME, out, 0, Sound.FRAME);
        Check.isEqual(any.getVoiceProbability(), net.getVoiceProbability());
        voice[i] = (short) Math.min(32767, net.getVoiceProbability() * 32768);
      }
    }
    Sound.write(folder.resolve("voice.s16"), voice);
  }

  private void modelFromBytes() throws Exception {
    byte[] model = Files.readAllBytes(folder.resolve("model.pnm"));
    ByteBuffer buffer = ByteBuffer.allocateDirect(model.length + 7);
    buffer.position(3);
    buffer.put(model);
    buffer.position(3).limit(3 + model.length);
    try (PercepNet array = new PercepNet(model);
        PercepNet direct = new PercepNet(buffer)) {
      Arrays.fill(model, (byte) 0);
      for (int i = 0; i < buffer.capacity() - 7; i++) buffer.put(i, (byte) 0);
      short[] out = Sound.frames(array, noisy);
      Check.isTrue(Arrays.equals(Sound.frames(direct, noisy), out), "buffer and array differ");
      Sound.write(folder.resolve("own_model.s16"), out);
    }
  }

  private void facts() {
    try (PercepNet net = new PercepNet()) {
      System.out.println("fact frame length " + net.getFrameLength());
      System.out.println("fact sample rate " + net.getSampleRate());
      System.out.println("fact delay " + net.getDelaySamples());
      System.out.println("fact delay of any blocks " + net.getAnyDelaySamples());
      System.out.println("fact kernel " + net.getKernelName());
      System.out.println("fact version " + PercepNet.version());
    }
  }
}
