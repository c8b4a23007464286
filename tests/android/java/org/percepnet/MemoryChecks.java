// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/** Nothing is allocated per frame, and what was opened is given back. */
final class MemoryChecks {
  private static final int FRAMES = 1000;

  private final byte[] model;

  MemoryChecks(Path folder) throws Exception {
    model = Files.readAllBytes(folder.resolve("model.pnm"));
  }

  void run() {
    Check.that("no allocation per frame", this::allocation);
    Check.that("open and close", this::openAndClose);
    Check.that("dropped without close", this::dropped);
  }

  private void allocation() {
    short[] frame = new short[480];
    float[] floats = new float[480];
    ByteBuffer direct = ByteBuffer.allocateDirect(960);
    try (PercepNet net = new PercepNet(model)) {
      isFree("shorts", () -> net.process(frame, 0, frame, 0));
      isFree("floats", () -> net.process(floats, 0, floats, 0));
      isFree("buffers", () -> net.process(direct, 0, direct, 0));
      isFree("blocks", () -> net.processAny(frame, 3, frame, 3, 477));
      isFree("voice probability", net::getVoiceProbability);
    }
  }

  private static void isFree(String what, Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    for (int i = 0; i < FRAMES; i++) call.run();
    long empty = -threads.getThreadAllocatedBytes(thread) + threads.getThreadAllocatedBytes(thread);
    long before = threads.getThreadAllocatedBytes(thread);
    for (int i = 0; i < FRAMES; i++) call.run();
    long bytes = threads.getThreadAllocatedBytes(thread) - before - empty;
    System.out.println("fact bytes allocated by " + FRAMES + " calls, " + what + " " + bytes);
    Check.isEqual(bytes, 0L);
  }

  private void openAndClose() throws Exception {
    int open = Session.countOpen();
    short[] frame = new short[480];
    long grown = 0;
    for (int round = 0; round < 3; round++) { // the first rounds fill the allocator's arenas
      long before = residentKilobytes();
      for (int i = 0; i < 100; i++) {
        try (PercepNet net = new PercepNet(model)) {
          net.process(frame, 0, frame, 0);
        }
      }
      grown = residentKilobytes() - before;
    }
    System.out.println("fact resident KB grown over 100 open and close " + grown);
    Check.isTrue(grown < 1000, grown + " KB more");
    Check.isEqual(Session.countOpen(), open);
  }

  private void dropped() throws Exception {
    int open = Session.countOpen();
    for (int i = 0; i < 50; i++) new PercepNet(model).setBypass(true);
    boolean all =
        Check.collectUntil(
            () -> {
              new PercepNet(model).close();
              return Session.countOpen() <= open;
            });
    Check.isTrue(all, Session.countOpen() - open + " are still open");
  }

  private static long residentKilobytes() throws Exception {
    for (String line : Files.readAllLines(Paths.get("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) return Long.parseLong(line.replaceAll("\\D", ""));
    }
    throw new AssertionError("no VmRSS in /proc/self/status");
  }
}
