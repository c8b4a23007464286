# SPDX-License-Identifier: Apache-2.0
"""What the network should answer: band gains, comb-filter strengths, voice activity.

Formulas: Valin et al., "A Perceptually-Motivated Approach for Low-Complexity, Real-Time
Enhancement of Fullband Speech" (2020), with the bias of a measured coherence removed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.features import TrainingFrames

Float = npt.NDArray[np.float32]

BIN_HZ = 50.0
LOG2_ENERGY_UNIT = 512.0  # log2(1 + energy) is stored in Q9
COHERENCE_UNIT = 32768.0

# Band centres in 50 Hz bins: one ERB apart from 20 kHz downwards, at least two bins.
# fmt: off
BAND_CENTRES_BINS = np.array([
    2, 4, 6, 8, 10, 12, 14, 16, 18, 21, 24, 28, 32, 36, 41, 47, 53, 60, 68, 77, 87, 98, 110, 124,
    140, 157, 176, 198, 223, 251, 282, 317, 356, 400,
])
# fmt: on

PAST_TAPS = 5
SILENT_LOG2_ENERGY = 10.0  # below this a band holds rounding noise only
VOICE_BELOW_PEAK_DB = 35.0
VOICE_HANGOVER_FRAMES = 3
DB_PER_LOG2 = 10.0 * float(np.log10(2.0))


@dataclass(frozen=True)
class Targets:
    """Targets of T frames: gain, strength and mask [T, 34], voice [T]; all in [0, 1].

    ``mask`` is 0 where a band says nothing: silence, or above the bandwidth of the recording.
    """

    gain: Float
    strength: Float
    mask: Float
    voice: Float


def comb_constants() -> tuple[Float, Float]:
    """Return (w0, sigma_squared), each [6], by number of future taps 0..5.

    w0 is the centre tap and sigma_squared the white-noise power gain of the Hann comb filter with
    five past taps, its sum being 1.
    """
    orders = np.arange(-PAST_TAPS, PAST_TAPS + 1)
    hann = 0.5 + 0.5 * np.cos(np.pi * orders / (PAST_TAPS + 1))
    centre, variance = [], []
    for future in range(PAST_TAPS + 1):
        kept = hann[orders >= -future] / hann[orders >= -future].sum()
        centre.append(kept[future])
        variance.append(float(np.sum(kept**2)))
    return np.array(centre, np.float32), np.array(variance, np.float32)


CENTRE_TAP, NOISE_POWER_GAIN = comb_constants()


def unbias_coherence(measured: Float, centre_tap: Float, noise_power_gain: Float) -> Float:
    """Coherence of a signal with its periodic part, from its coherence with its own comb output.

    The centre tap makes even white noise cohere with its comb output; this solves for the s = q^2
    that gives ``measured``: (1-w)^2 s^2 + [2w(1-w) - c^2(1-v)] s + (w^2 - c^2 v) = 0, larger root.
    """
    c2 = np.square(np.clip(measured, 0.0, 1.0))
    w, v = centre_tap, noise_power_gain
    a = np.square(1.0 - w)
    b = 2.0 * w * (1.0 - w) - c2 * (1.0 - v)
    c = w * w - c2 * v
    root = (-b + np.sqrt(np.maximum(b * b - 4.0 * a * c, 0.0))) / (2.0 * a)
    result: Float = np.sqrt(np.clip(root, 0.0, 1.0)).astype(np.float32)
    return result


def comb_strength(clean: Float, noisy: Float, noise_power_gain: Float) -> Float:
    """Return the strength r in [0, 1] that makes the output as periodic as clean speech.

    ``clean`` and ``noisy`` are coherences with the periodic part, in [0, 1]. r is 0 where noise
    took no periodicity away, and 1 where even the full comb cannot restore it. The further
    attenuation that the paper applies there is left out: with ideal targets it costs 0.1 PESQ.
    """
    qx2, qy2 = np.square(clean), np.square(noisy)
    comb2 = qy2 / np.maximum((1.0 - noise_power_gain) * qy2 + noise_power_gain, 1e-9)
    a = comb2 - qx2
    b = np.sqrt(comb2) * noisy * (1.0 - qx2)
    lost = np.maximum(qx2 - qy2, 0.0)
    # Rationalised root of a*alpha^2 + 2b*alpha = lost: no division by a, which may be zero.
    alpha = lost / np.maximum(np.sqrt(np.maximum(b * b + a * lost, 0.0)) + b, 1e-9)
    beyond = (a < 0.0) & (lost > 0.0)
    strength: Float = np.where(beyond, 1.0, alpha / (1.0 + alpha)).astype(np.float32)
    return strength


def band_limit(bandwidth_hz: float) -> int:
    """Return how many bands have their centre at or below ``bandwidth_hz``, 0..34."""
    return int((bandwidth_hz >= BIN_HZ * BAND_CENTRES_BINS).sum())


def voice_activity(clean_log2: Float, bands: int) -> Float:
    """Return 1.0 for frames with speech, else 0.0, [T], from clean log2 energies [T, 34].

    A frame is active when its energy is within 35 dB of the loud frames, or was just before.
    """
    level = DB_PER_LOG2 * np.log2(np.exp2(clean_log2[:, : max(bands, 1)]).sum(axis=1))
    floor_db = DB_PER_LOG2 * (SILENT_LOG2_ENERGY + 5.0)
    threshold = max(float(np.percentile(level, 95.0)) - VOICE_BELOW_PEAK_DB, floor_db)
    active = level > threshold
    held = active.copy()
    for delay in range(1, VOICE_HANGOVER_FRAMES + 1):
        held[delay:] |= active[:-delay]
    result: Float = held.astype(np.float32)
    return result


def make_targets(frames: TrainingFrames, bandwidth_hz: float) -> Targets:
    """Compute the targets of every frame; ``bandwidth_hz`` is that of the clean speech."""
    noisy_log2 = frames.energy_noisy_log2_q9.astype(np.float32) / LOG2_ENERGY_UNIT
    clean_log2 = frames.energy_target_log2_q9.astype(np.float32) / LOG2_ENERGY_UNIT
    gain = np.minimum(np.exp2(0.5 * (clean_log2 - noisy_log2)), 1.0)

    taps = np.clip(frames.future_taps, 0, PAST_TAPS)
    variance = NOISE_POWER_GAIN[taps][:, None]
    of_clean = np.clip(frames.coherence_target_q15.astype(np.float32) / COHERENCE_UNIT, 0.0, 1.0)
    of_noisy = np.clip(frames.coherence_noisy_q15.astype(np.float32) / COHERENCE_UNIT, 0.0, 1.0)
    clean = unbias_coherence(of_clean, CENTRE_TAP[taps][:, None], variance)
    # Both were measured against the comb output of the clean speech: their ratio has no bias.
    noisy = clean * np.minimum(of_noisy / np.maximum(of_clean, 1e-4), 1.0)
    strength = comb_strength(clean, noisy, variance)

    mask = (noisy_log2 > SILENT_LOG2_ENERGY).astype(np.float32)
    bands = band_limit(bandwidth_hz)
    mask[:, bands:] = 0.0
    mask[:2] = 0.0
    return Targets(
        gain=gain.astype(np.float32),
        strength=strength * mask,
        mask=mask,
        voice=voice_activity(clean_log2, bands),
    )
