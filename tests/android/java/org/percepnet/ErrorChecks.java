// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What is wrong is refused with a text that says what; nothing crashes. */
final class ErrorChecks {
  private static final Class<IllegalArgumentException> ARGUMENT = IllegalArgumentException.class;
  private static final Class<IllegalStateException> STATE = IllegalStateException.class;
  private static final Class<PercepNetException> REFUSED = PercepNetException.class;

  private final short[] frame = new short[480];
  private final float[] floats = new float[480];
  private final ByteBuffer direct = ByteBuffer.allocateDirect(960);
  private final byte[] model;

  ErrorChecks(Path folder) throws Exception {
    model = Files.readAllBytes(folder.resolve("model.pnm"));
  }

  void run() {
    Check.that("arrays that are too short", () -> withNet(this::shortArrays));
    Check.that("wrong buffers", () -> withNet(this::wrongBuffers));
    Check.that("missing arguments", () -> withNet(this::missing));
    Check.that("numbers out of range", () -> withNet(this::ranges));
    Check.that("calls after close", this::afterClose);
    Check.that("bad models", this::badModels);
    Check.that("native methods called directly", this::nativeMethods);
  }

  private interface Use {
    void with(PercepNet net) throws Exception;
  }

  private static void withNet(Use use) throws Exception {
    try (PercepNet net = new PercepNet()) {
      use.with(net);
    }
  }

  private void shortArrays(PercepNet net) {
    Check.fails(ARGUMENT, "in: too short", () -> net.process(new short[479], 0, frame, 0));
    Check.fails(ARGUMENT, "out: too short", () -> net.process(frame, 0, new short[0], 0));
    Check.fails(ARGUMENT, "in: too short", () -> net.process(frame, 1, frame, 0));
    int far = Integer.MAX_VALUE;
    Check.fails(ARGUMENT, "out: too short", () -> net.process(floats, 0, floats, far));
    Check.fails(ARGUMENT, "in: too short", () -> net.process(new float[479], 0, floats, 0));
    Check.fails(ARGUMENT, "in: too short", () -> net.processAny(frame, 0, frame, 0, 481));
    Check.fails(ARGUMENT, "out: too short", () -> net.processAny(frame, 0, frame, 480, 1));
  }

  private void wrongBuffers(PercepNet net) {
    ByteBuffer heap = ByteBuffer.allocate(960);
    Check.fails(ARGUMENT, "in: not a direct", () -> net.process(heap, 0, direct, 0));
    Check.fails(ARGUMENT, "out: not a direct", () -> net.process(direct, 0, heap, 0));
    ByteBuffer readOnly = direct.asReadOnlyBuffer();
    Check.fails(ARGUMENT, "out: read-only", () -> net.process(direct, 0, readOnly, 0));
    net.process(readOnly, 0, direct, 0);
    ByteBuffer limited = direct.duplicate();
    limited.limit(958);
    Check.fails(ARGUMENT, "in: too short", () -> net.process(limited, 0, direct, 0));
    Check.fails(ARGUMENT, "out: too short", () -> net.process(direct, 0, direct, 2));
    Check.fails(ARGUMENT, "out: offset -2", () -> net.process(direct, 0, direct, -2));
    Check.fails(ARGUMENT, "model: not a direct", () -> new PercepNet(ByteBuffer.wrap(model)));
  }

  private void missing(PercepNet net) {
    Class<NullPointerException> none = NullPointerException.class;
    Check.fails(none, "in is null", () -> net.process((short[]) null, 0, frame, 0));
    Check.fails(none, "out is null", () -> net.process(floats, 0, null, 0));
    Check.fails(none, "in is null", () -> net.process(null, 0, direct, 0));
    Check.fails(none, "out is null", () -> net.processAny(frame, 0, null, 0, 1));
    Check.fails(none, "model is null", () -> new PercepNet((byte[]) null));
    Check.fails(none, "model is null", () -> new PercepNet((ByteBuffer) null));
  }

  private void ranges(PercepNet net) {
    Check.fails(ARGUMENT, "in: offset -1", () -> net.process(frame, -1, frame, 0));
    Check.fails(ARGUMENT, "out: offset -2147483648",
        () -> net.process(frame, 0, frame, Integer.MIN_VALUE));
    Check.fails(ARGUMENT, "samples: -1", () -> net.processAny(frame, 0, frame, 0, -1));
    Check.fails(ARGUMENT, "attenuationLimitDb: 101", () -> net.setAttenuationLimitDb(101));
    Check.fails(ARGUMENT, "attenuationLimitDb: -1", () -> net.setAttenuationLimitDb(-1));
    net.processAny(frame, 480, frame, 480, 0);
    Check.isEqual(net.getAttenuationLimitDb(), 100);
  }

  private void afterClose() {
    PercepNet net = new PercepNet();
    net.close();
    net.close();
    Check.fails(STATE, "closed", () -> net.process(frame, 0, frame, 0));
    Check.fails(STATE, "closed", () -> net.process(floats, 0, floats, 0));
    Check.fails(STATE, "closed", () -> net.process(direct, 0, direct, 0));
    Check.fails(STATE, "closed", () -> net.processAny(frame, 0, frame, 0, 480));
    Check.fails(STATE, "closed", net::reset);
    Check.fails(STATE, "closed", () -> net.setBypass(true));
    Check.fails(STATE, "closed", net::isBypass);
    Check.fails(STATE, "closed", () -> net.setAttenuationLimitDb(10));
    Check.fails(STATE, "closed", net::getAttenuationLimitDb);
    Check.isEqual(net.getVoiceProbability(), 0f);
    Check.isTrue(!net.getKernelName().isEmpty(), "no kernel name");
  }

  private void badModels() {
    byte[] garbage = new byte[4096];
    Arrays.fill(garbage, (byte) 0x5a);
    byte[] damaged = model.clone();
    damaged[damaged.length / 2] ^= 1;
    byte[] half = Arrays.copyOf(model, model.length / 2);
    ByteBuffer buffer = ByteBuffer.allocateDirect(half.length);
    buffer.put(half).rewind();
    int before = Session.countOpen();
    Check.fails(REFUSED, "not a PercepNet model", () -> new PercepNet(garbage));
    Check.fails(REFUSED, "damaged", () -> new PercepNet(damaged));
    for (int bytes = 0; bytes < 300; bytes++) {
      byte[] start = Arrays.copyOf(model, bytes);
      Check.fails(REFUSED, "truncated", () -> new PercepNet(start));
    }
    Check.fails(REFUSED, "truncated", () -> new PercepNet(half));
    Check.fails(REFUSED, "truncated", () -> new PercepNet(buffer));
    Check.fails(REFUSED, "truncated", () -> new PercepNet(ByteBuffer.allocateDirect(0)));
    Check.isEqual(Session.countOpen(), before);
  }

  /** The native layer does not rely on the checks in Java. */
  private void nativeMethods() {
    long[] handle = new long[1];
    Check.isTrue(PercepNetNative.processShorts(0, frame, 0, frame, 0) < 0, "handle 0");
    Check.isTrue(PercepNetNative.reset(0) < 0, "handle 0");
    Check.isTrue(PercepNetNative.createBuiltIn(null) < 0, "no place for the handle");
    Check.isTrue(PercepNetNative.createBuiltIn(new long[0]) < 0, "no place for the handle");
    Check.isTrue(PercepNetNative.createFromArray(null, handle) < 0, "no model");
    Check.isTrue(PercepNetNative.createFromBuffer(direct, 900, 61, handle) < 0, "short buffer");
    Check.isEqual(PercepNetNative.createBuiltIn(handle), 0);
    long used = handle[0];
    Check.isTrue(PercepNetNative.processShorts(used, null, 0, frame, 0) < 0, "null");
    Check.isTrue(PercepNetNative.processShorts(used, frame, 0, frame, 1) < 0, "short array");
    Check.isTrue(PercepNetNative.processShorts(used, frame, -1, frame, 0) < 0, "offset");
    Check.isTrue(PercepNetNative.processFloats(used, floats, 0, new float[9], 0) < 0, "too short");
    Check.isTrue(PercepNetNative.processBuffers(used, direct, 1, direct, 0) < 0, "short buffer");
    Check.isTrue(PercepNetNative.processBlock(used, frame, 0, frame, 0, -1) < 0, "samples");
    Check.isTrue(PercepNetNative.processBlock(used, frame, 0, frame, 0, 481) < 0, "samples");
    PercepNetNative.destroy(used);
    PercepNetNative.destroy(0);
  }
}
