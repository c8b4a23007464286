// SPDX-License-Identifier: Apache-2.0
import android.media.AudioAttributes
import android.media.AudioFormat
import android.media.AudioRecord
import android.media.AudioTrack
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.concurrent.LinkedBlockingQueue
import org.percepnet.demo.LiveLoop
import org.percepnet.demo.WavCleaner

/** Runs the examples of the document and the demo on files of the folder given. */
fun main(arguments: Array<String>) {
    val folder = File(arguments[0])
    val noisy = samplesOf(File(folder, "noisy.s16"))
    write(clean(noisy), File(folder, "clean.s16"))
    write(denoised(noisy), File(folder, "denoise.s16"))
    write(live(noisy, true), File(folder, "live.s16"))
    write(live(noisy, false), File(folder, "bypass.s16"))
    File(folder, "noisy.wav").inputStream().use { input ->
        File(folder, "clean.wav").outputStream().use { WavCleaner.clean(input, it) }
    }
}

private fun denoised(noisy: ShortArray): ShortArray {
    AudioRecord.heard = noisy
    AudioTrack.played = ShortArray(0)
    val record = AudioRecord(0, 48000, AudioFormat.CHANNEL_IN_MONO, AudioFormat.ENCODING_PCM_16BIT, 0)
    val format = AudioFormat.Builder().build()
    val track = AudioTrack(AudioAttributes.Builder().build(), format, 0, AudioTrack.MODE_STREAM, 0)
    denoise(record, track) { true }
    return AudioTrack.played
}

private fun live(noisy: ShortArray, clean: Boolean): ShortArray {
    AudioRecord.heard = noisy
    AudioTrack.played = ShortArray(0)
    val reasons = LinkedBlockingQueue<String>()
    val loop = LiveLoop { reasons.put(it ?: "stopped") }
    loop.clean = clean
    loop.start()
    println(reasons.take())
    loop.stop()
    return AudioTrack.played
}

private fun samplesOf(file: File): ShortArray {
    val bytes = ByteBuffer.wrap(file.readBytes()).order(ByteOrder.nativeOrder()).asShortBuffer()
    return ShortArray(bytes.remaining()).also { bytes.get(it) }
}

private fun write(samples: ShortArray, file: File) {
    val bytes = ByteBuffer.allocate(2 * samples.size).order(ByteOrder.nativeOrder())
    bytes.asShortBuffer().put(samples)
    file.writeBytes(bytes.array())
}
