// SPDX-License-Identifier: Apache-2.0
package org.percepnet.demo

import org.percepnet.PercepNet
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Cleans WAV files of 48 kHz, one channel and 16 bits; the delay is taken away. */
object WavCleaner {
    private const val RATE = 48000
    private const val PCM = 1
    private const val HEADER_BYTES = 44
    private const val FORMAT_BYTES = 16

    /** Reads a WAV file from [input] and writes the cleaned one to [output]; closes neither. */
    @Throws(IOException::class)
    fun clean(input: InputStream, output: OutputStream) {
        val noisy = samplesOf(input.readBytes())
        val cleaned = PercepNet().use { net ->
            val padded = noisy.copyOf(noisy.size + net.anyDelaySamples)
            net.processAny(padded, 0, padded, 0, padded.size)
            padded.copyOfRange(net.anyDelaySamples, padded.size)
        }
        output.write(wavOf(cleaned))
    }

    private fun samplesOf(file: ByteArray): ShortArray {
        val bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN)
        val isWav = file.size >= 12 && tag(bytes) == "RIFF" && tag(bytes.at(8)) == "WAVE"
        if (!isWav) throw IOException("not a WAV file")
        var formatSeen = false
        while (bytes.remaining() >= 8) {
            val name = tag(bytes)
            val size = bytes.getInt().toLong() and 0xFFFFFFFFL
            val start = bytes.position()
            if (name == "fmt ") {
                if (size < FORMAT_BYTES || bytes.remaining() < FORMAT_BYTES) break
                checkFormat(bytes)
                formatSeen = true
            } else if (name == "data" && formatSeen) {
                val length = minOf(size, bytes.remaining().toLong()).toInt()
                return ShortArray(length / 2).also { bytes.asShortBuffer().get(it) }
            }
            val next = start + size + (size and 1)
            if (next > file.size) break
            bytes.at(next.toInt())
        }
        throw IOException("the WAV file is cut off")
    }

    private fun checkFormat(bytes: ByteBuffer) {
        val encoding = bytes.getShort().toInt()
        val channels = bytes.getShort().toInt()
        val rate = bytes.getInt()
        val bits = bytes.getShort(bytes.position() + 6).toInt()
        if (encoding != PCM || channels != 1 || rate != RATE || bits != 16) {
            throw IOException("$rate Hz, $channels channels, $bits bits; give 48000, 1, 16")
        }
    }

    private fun wavOf(samples: ShortArray): ByteArray {
        val size = 2 * samples.size
        val file = ByteBuffer.allocate(HEADER_BYTES + size).order(ByteOrder.LITTLE_ENDIAN)
        file.put("RIFF".toByteArray()).putInt(HEADER_BYTES - 8 + size).put("WAVEfmt ".toByteArray())
        file.putInt(FORMAT_BYTES).putShort(PCM.toShort()).putShort(1)
        file.putInt(RATE).putInt(2 * RATE).putShort(2).putShort(16)
        file.put("data".toByteArray()).putInt(size).asShortBuffer().put(samples)
        return file.array()
    }

    private fun tag(bytes: ByteBuffer): String {
        val name = ByteArray(4)
        bytes.get(name)
        return String(name, Charsets.US_ASCII)
    }

    // not the return value of position(), which differs between versions of Java
    private fun ByteBuffer.at(place: Int): ByteBuffer {
        position(place)
        return this
    }
}
