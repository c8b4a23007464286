// SPDX-License-Identifier: Apache-2.0
package org.percepnet;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Several threads on one instance wait for each other; those on different ones do not matter. */
final class ThreadChecks {
  private static final int THREADS = 4;

  private final short[] noisy;
  private final byte[] smallModel;

  ThreadChecks(Path folder) throws Exception {
    noisy = Sound.read(folder.resolve("noisy.s16"));
    smallModel = Files.readAllBytes(folder.resolve("model.pnm"));
  }

  void run() {
    Check.that("threads on one instance", this::oneInstance);
    Check.that("threads on their own instances", this::ownInstances);
    Check.that("close during process", this::closeDuringProcess);
    Check.that("settings during process", this::settingsDuringProcess);
  }

  /** Runs the task in each thread at once and gives the results; an exception fails the check. */
  private static <T> List<T> inThreads(Callable<T> task) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> result : threads.invokeAll(Collections.nCopies(THREADS, task))) {
        results.add(result.get());
      }
      return results;
    } finally {
      threads.shutdown();
    }
  }

  /** Bypass gives back whole frames, so frames of one value show any frame torn by another. */
  private void oneInstance() throws Exception {
    try (PercepNet net = new PercepNet(smallModel)) {
      net.setBypass(true);
      inThreads(
          () -> {
            short[] in = new short[Sound.FRAME];
            short[] out = new short[Sound.FRAME];
            for (int i = 0; i < 100; i++) {
              Arrays.fill(in, (short) (Thread.currentThread().getId() * 100 + i));
              net.process(in, 0, out, 0);
              for (short sample : out) Check.isEqual(sample, out[0]);
            }
            return null;
          });
    }
  }

  private void ownInstances() throws Exception {
    Callable<short[]> clean =
        () -> {
          try (PercepNet net = new PercepNet()) {
            return Sound.frames(net, noisy);
          }
        };
    short[] expected = clean.call();
    for (short[] found : inThreads(clean)) {
      Check.isTrue(Arrays.equals(found, expected), "other samples");
    }
  }

  private void closeDuringProcess() throws Exception {
    for (int round = 0; round < 10; round++) {
      PercepNet net = new PercepNet();
      Thread closer =
          new Thread(
              () -> {
                pause(10);
                net.close();
              });
      closer.start();
      inThreads(
          () -> {
            short[] frame = new short[Sound.FRAME];
            Check.fails(
                IllegalStateException.class,
                "closed",
                () -> {
                  while (true) net.process(frame, 0, frame, 0);
                });
            return null;
          });
      closer.join();
    }
  }

  private void settingsDuringProcess() throws Exception {
    try (PercepNet net = new PercepNet()) {
      Thread processing = new Thread(() -> Sound.frames(net, noisy));
      processing.start();
      for (int i = 0; processing.isAlive(); i++) {
        net.setAttenuationLimitDb(i % 101);
        net.setBypass(i % 2 == 0);
        if (i % 50 == 0) net.reset();
      }
      processing.join();
    }
  }

  private static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException reason) {
      throw new IllegalStateException(reason);
    }
  }
}
