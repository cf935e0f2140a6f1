//! Microphones and loudspeakers; the only file that uses cpal.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use anyhow::{Context, anyhow, bail};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    Device, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, Stream, SupportedStreamConfig,
};
use tokio::sync::mpsc;

use super::alsa;
use super::playout::Playout;

/// Sound to or from a device, one channel.
pub(super) struct Sound {
    /// Whether it was played; otherwise it was heard.
    pub(super) played: bool,
    /// -1 to 1.
    pub(super) samples: Vec<f32>,
    /// Samples per second.
    pub(super) rate: u32,
}

pub(super) struct Names {
    pub(super) microphones: Vec<String>,
    pub(super) speakers: Vec<String>,
}

/// Open devices. Dropping this stops them.
pub(super) struct Devices {
    _streams: Vec<Stream>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Choice {
    pub(super) microphone: Option<String>,
    pub(super) speaker: Option<String>,
}

/// Lists the devices of this machine.
///
/// # Errors
/// Without a sound system.
pub(super) fn names() -> anyhow::Result<Names> {
    alsa::load()?;
    let host = cpal::default_host();
    let listed = |devices: Vec<Device>| devices.iter().filter_map(name).collect::<Vec<String>>();
    Ok(Names {
        microphones: listed(host.input_devices().context("microphones")?.collect()),
        speakers: listed(host.output_devices().context("loudspeakers")?.collect()),
    })
}

/// Opens microphone and loudspeaker. `sound` receives what passes them, `broken` a sentence when one fails.
///
/// # Errors
/// When a device is missing; the sentence says what there is.
pub(super) fn open(
    choice: &Choice,
    playout: &Arc<Playout>,
    sound: &SyncSender<Sound>,
    broken: &mpsc::UnboundedSender<String>,
) -> anyhow::Result<Devices> {
    let speaker = open_speaker(choice.speaker.as_deref(), playout, Some(sound), broken)?;
    let device = find(choice.microphone.as_deref(), Side::Microphone)?;
    let config = device
        .default_input_config()
        .map_err(|e| unusable(Side::Microphone, &e))?;
    let microphone = match config.sample_format() {
        SampleFormat::F32 => listen::<f32>(&device, &config, sound, broken),
        SampleFormat::I16 => listen::<i16>(&device, &config, sound, broken),
        SampleFormat::I32 => listen::<i32>(&device, &config, sound, broken),
        SampleFormat::U8 => listen::<u8>(&device, &config, sound, broken),
        other => bail!("the microphone delivers samples as {other}, which is not supported"),
    }?;
    Ok(Devices {
        _streams: vec![speaker, microphone],
    })
}

/// Opens a loudspeaker alone.
///
/// # Errors
/// Without one.
pub(super) fn open_for_playing(
    playout: &Arc<Playout>,
    broken: &mpsc::UnboundedSender<String>,
) -> anyhow::Result<Devices> {
    alsa::load()?;
    let speaker = open_speaker(None, playout, None, broken)?;
    Ok(Devices {
        _streams: vec![speaker],
    })
}

fn open_speaker(
    name: Option<&str>,
    playout: &Arc<Playout>,
    sound: Option<&SyncSender<Sound>>,
    broken: &mpsc::UnboundedSender<String>,
) -> anyhow::Result<Stream> {
    alsa::load()?;
    let device = find(name, Side::Speaker)?;
    let config = device
        .default_output_config()
        .map_err(|e| unusable(Side::Speaker, &e))?;
    playout.set_rate(config.sample_rate());
    match config.sample_format() {
        SampleFormat::F32 => speak::<f32>(&device, &config, playout, sound, broken),
        SampleFormat::I16 => speak::<i16>(&device, &config, playout, sound, broken),
        SampleFormat::I32 => speak::<i32>(&device, &config, playout, sound, broken),
        SampleFormat::U8 => speak::<u8>(&device, &config, playout, sound, broken),
        other => bail!("the loudspeaker expects samples as {other}, which is not supported"),
    }
}

#[derive(Clone, Copy)]
enum Side {
    Microphone,
    Speaker,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Speaker => "loudspeaker",
        }
    }
}

fn find(wanted: Option<&str>, side: Side) -> anyhow::Result<Device> {
    let host = cpal::default_host();
    let Some(wanted) = wanted else {
        let found = match side {
            Side::Microphone => host.default_input_device(),
            Side::Speaker => host.default_output_device(),
        };
        return found.ok_or_else(|| {
            anyhow!(
                "this machine has no {0}; plug one in, or use the front desk in a browser \
                 (`frontdesk talk --list` shows the devices)",
                side.name()
            )
        });
    };
    let mut devices: Vec<Device> = match side {
        Side::Microphone => host.input_devices()?.collect(),
        Side::Speaker => host.output_devices()?.collect(),
    };
    let named = |device: &Device| name(device).unwrap_or_default();
    let lower = wanted.to_lowercase();
    let at = devices.iter().position(|d| named(d) == wanted).or_else(|| {
        devices
            .iter()
            .position(|d| named(d).to_lowercase().contains(&lower))
    });
    match at {
        Some(at) => Ok(devices.swap_remove(at)),
        None => bail!(
            "there is no {} named {wanted:?}; `frontdesk talk --list` shows the devices",
            side.name()
        ),
    }
}

/// The device's own identifier, for choosing it.
fn name(device: &Device) -> Option<String> {
    let id = device.id().ok()?.to_string();
    Some(
        id.split_once(':')
            .map_or(id.clone(), |(_, rest)| rest.to_owned()),
    )
}

fn unusable(side: Side, error: &cpal::Error) -> anyhow::Error {
    anyhow!(
        "the {} cannot be used ({error}); plug one in, or see with `frontdesk talk --list` whether \
         another one works",
        side.name()
    )
}

fn listen<T>(
    device: &Device,
    config: &SupportedStreamConfig,
    sound: &SyncSender<Sound>,
    broken: &mpsc::UnboundedSender<String>,
) -> anyhow::Result<Stream>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let (rate, channels) = (config.sample_rate(), usize::from(config.channels().max(1)));
    let sound = sound.clone();
    let stream = device.build_input_stream(
        config.config(),
        move |data: &[T], _| {
            let samples = data
                .chunks_exact(channels)
                .map(|frame| {
                    let sum: f32 = frame.iter().map(|&s| f32::from_sample(s)).sum();
                    sum / channels as f32
                })
                .collect();
            // A slow session loses sound, because this thread must not block.
            let _full = sound.try_send(Sound {
                played: false,
                samples,
                rate,
            });
        },
        complain(Side::Microphone, broken),
        None,
    );
    started(stream, Side::Microphone)
}

fn speak<T>(
    device: &Device,
    config: &SupportedStreamConfig,
    playout: &Arc<Playout>,
    sound: Option<&SyncSender<Sound>>,
    broken: &mpsc::UnboundedSender<String>,
) -> anyhow::Result<Stream>
where
    T: SizedSample + FromSample<f32>,
{
    let (rate, channels) = (config.sample_rate(), usize::from(config.channels().max(1)));
    let (playout, sound) = (Arc::clone(playout), sound.cloned());
    let stream = device.build_output_stream(
        config.config(),
        move |data: &mut [T], _| {
            let mut samples = vec![0.0; data.len() / channels];
            playout.fill(&mut samples);
            for (frame, sample) in data.chunks_mut(channels).zip(&samples) {
                frame.fill(T::from_sample(*sample));
            }
            if let Some(sound) = &sound {
                let _full = sound.try_send(Sound {
                    played: true,
                    samples,
                    rate,
                });
            }
        },
        complain(Side::Speaker, broken),
        None,
    );
    started(stream, Side::Speaker)
}

fn started(stream: Result<Stream, cpal::Error>, side: Side) -> anyhow::Result<Stream> {
    let stream = stream.map_err(|e| unusable(side, &e))?;
    stream.play().map_err(|e| unusable(side, &e))?;
    Ok(stream)
}

/// Reports failures after which the device is gone.
fn complain(
    side: Side,
    broken: &mpsc::UnboundedSender<String>,
) -> impl FnMut(cpal::Error) + Send + 'static {
    let broken = broken.clone();
    move |error| match error.kind() {
        // A short dropout, or a priority that the system did not grant: sound continues.
        ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => {
            tracing::debug!(%error, "sound");
        }
        _ => {
            let _over = broken.send(format!("the {} was lost ({error})", side.name()));
        }
    }
}
