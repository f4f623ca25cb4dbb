//! What a speech engine writes, made into what Asterisk plays: WAV of 8,000
//! samples a second, one channel, 16 bits.
//!
//! Engines speak at 16,000 to 48,000 samples a second. Taking every n-th
//! sample would fold the hiss above 4 kHz into the voice, so what lies above
//! is filtered out first (a windowed sinc).

use std::f32::consts::PI;

/// Samples a second of a telephone.
pub const RATE: u32 = 8_000;
/// Bytes of a WAV header as written here.
pub const HEADER: usize = 44;
/// How far the filter reaches, in samples of a telephone.
const REACH: usize = 16;
/// Steps of the filter's table for each of these samples.
const STEPS: usize = 128;
/// The highest frequency let through, as a share of half of [`RATE`].
const CUT: f32 = 0.92;

/// Makes a WAV of any rate and any number of channels into one for Asterisk.
///
/// # Errors
/// Where it is no WAV of 16-bit samples, or an empty one; the words are short
/// enough to be noted.
pub fn for_telephone(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (rate, samples) = read(bytes)?;
    if samples.is_empty() {
        return Err("the speech is empty");
    }
    Ok(write(&resample(&samples, rate)))
}

/// So many milliseconds of silence.
pub fn silence(ms: u32) -> Vec<u8> {
    write(&vec![0; ms as usize * RATE as usize / 1_000])
}

/// Rate and samples, the channels mixed into one.
fn read(bytes: &[u8]) -> Result<(u32, Vec<f32>), &'static str> {
    const NONE: &str = "the speech is no WAV of 16 bits";
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(NONE);
    }
    let (mut rest, mut format) = (&bytes[12..], None);
    while let Some((head, after)) = rest.split_at_checked(8) {
        let said = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        // Engines that write to a pipe cannot know the length.
        let length = said.min(after.len());
        let (chunk, next) = after.split_at(length);
        match &head[..4] {
            b"fmt " if length >= 16 => {
                let channels = usize::from(u16::from_le_bytes([chunk[2], chunk[3]]));
                let rate = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
                let is_read = u16::from_le_bytes([chunk[14], chunk[15]]) == 16
                    && (1..=8).contains(&channels)
                    && (RATE..=192_000).contains(&rate);
                format = is_read.then_some((channels, rate));
            }
            b"data" => {
                let (channels, rate) = format.ok_or(NONE)?;
                let mixed = chunk.chunks_exact(2 * channels).map(|frame| {
                    let each = frame.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]]));
                    each.map(f32::from).sum::<f32>() / channels as f32
                });
                return Ok((rate, mixed.collect()));
            }
            _ => {}
        }
        // Chunks begin at even places.
        rest = next.get(length % 2..).unwrap_or_default();
    }
    Err(NONE)
}

fn write(samples: &[i16]) -> Vec<u8> {
    let length = samples.len() as u32 * 2;
    let mut wav = Vec::with_capacity(HEADER + samples.len() * 2);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(length + 36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16u32.to_le_bytes());
    wav.extend_from_slice(&1u16.to_le_bytes());
    wav.extend_from_slice(&1u16.to_le_bytes());
    wav.extend_from_slice(&RATE.to_le_bytes());
    wav.extend_from_slice(&(RATE * 2).to_le_bytes());
    wav.extend_from_slice(&2u16.to_le_bytes());
    wav.extend_from_slice(&16u16.to_le_bytes());
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&length.to_le_bytes());
    wav.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}

fn resample(samples: &[f32], rate: u32) -> Vec<i16> {
    let whole = |sample: f32| sample.round().clamp(-32_768.0, 32_767.0) as i16;
    if rate == RATE {
        return samples.iter().map(|sample| whole(*sample)).collect();
    }
    let filter: Vec<f32> = (0..=REACH * STEPS).map(|at| weight(at as f32 / STEPS as f32)).collect();
    let ratio = f64::from(rate) / f64::from(RATE);
    let reach = REACH as f64 * ratio;
    let count = (samples.len() as f64 / ratio) as usize;
    let at = |number: usize| {
        let middle = number as f64 * ratio;
        let from = (middle - reach).ceil().max(0.0) as usize;
        let to = ((middle + reach) as usize).min(samples.len() - 1);
        let (mut sum, mut weights) = (0.0, 0.0);
        for (place, sample) in (from..=to).zip(&samples[from..=to]) {
            let distance = (place as f64 - middle).abs() / ratio;
            let weight = filter[((distance * STEPS as f64) as usize).min(filter.len() - 1)];
            sum += sample * weight;
            weights += weight;
        }
        whole(sum / weights)
    };
    (0..count).map(at).collect()
}

/// The filter, `distance` samples of a telephone from its middle.
fn weight(distance: f32) -> f32 {
    let window = 0.5 + 0.5 * (PI * distance / REACH as f32).cos();
    let angle = PI * distance * CUT;
    if angle < 1e-3 { window } else { window * angle.sin() / angle }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A second of a tone, as an engine would write it.
    fn tone(hertz: f32, rate: u32, channels: u16) -> Vec<u8> {
        let one = |at: u32| (8_000.0 * (2.0 * PI * hertz * at as f32 / rate as f32).sin()) as i16;
        let samples: Vec<i16> =
            (0..rate).flat_map(|at| vec![one(at); usize::from(channels)]).collect();
        let mut wav = write(&samples);
        wav[22..24].copy_from_slice(&channels.to_le_bytes());
        wav[24..28].copy_from_slice(&rate.to_le_bytes());
        wav
    }

    /// How loud it is, leaving out the ends.
    fn loudness(wav: &[u8]) -> f32 {
        let (rate, samples) = read(wav).unwrap();
        assert_eq!(rate, RATE);
        let middle = &samples[400..samples.len() - 400];
        (middle.iter().map(|sample| sample * sample).sum::<f32>() / middle.len() as f32).sqrt()
    }

    #[test]
    fn a_voice_passes_and_what_a_telephone_cannot_carry_does_not() {
        for rate in [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000] {
            let heard = for_telephone(&tone(1_000.0, rate, 1)).unwrap();
            assert!((heard.len() as i64 - 16_044).abs() <= 4, "{rate}: {}", heard.len());
            // 8,000 over the square root of two.
            assert!((loudness(&heard) - 5_657.0).abs() < 120.0, "{rate}: {}", loudness(&heard));
        }
        for hertz in [5_000.0, 7_000.0, 9_000.0] {
            let heard = for_telephone(&tone(hertz, 22_050, 1)).unwrap();
            assert!(loudness(&heard) < 60.0, "{hertz}: {}", loudness(&heard));
        }
        let heard = for_telephone(&tone(1_000.0, 44_100, 2)).unwrap();
        assert!((loudness(&heard) - 5_657.0).abs() < 120.0);
    }

    #[test]
    fn silence_is_as_long_as_it_is_asked_for() {
        assert_eq!(silence(0).len(), HEADER);
        assert_eq!(silence(250).len(), HEADER + 2 * 2_000);
    }

    #[test]
    fn what_is_no_wav_is_told() {
        let good = tone(1_000.0, 8_000, 1);
        let mut eight_bits = good.clone();
        eight_bits[34] = 8;
        for bad in [&b""[..], b"RIFF", b"<html>", &good[..40], &eight_bits] {
            assert_eq!(for_telephone(bad), Err("the speech is no WAV of 16 bits"));
        }
        assert_eq!(for_telephone(&good[..HEADER]), Err("the speech is empty"));
        // A pipe's: longer than it is.
        let mut piped = good.clone();
        piped[40..44].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(for_telephone(&piped).unwrap(), good);
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_breaks_it(bytes: Vec<u8>, cut in 0..200usize, flip in 0..44usize) {
            let _ = for_telephone(&bytes);
            let mut wav = tone(500.0, 8_000, 1);
            wav.truncate(cut);
            if let Some(byte) = wav.get_mut(flip) {
                *byte ^= bytes.first().copied().unwrap_or(1);
            }
            let _ = for_telephone(&wav);
        }
    }
}
