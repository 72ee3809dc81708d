//! Commands that answer with samples until they are cancelled (reference 1.6).

use super::replies::Replies;
use super::request::Request;
use super::{Answer, Then};
use crate::errors::{ErrorId, Trap};
use crate::state::Router;
use crate::value::{format_clock, parse_duration};

/// Names and values of one row of a sample.
pub(super) type Fields = Vec<(&'static str, String)>;

/// What a monitor shows at one moment.
pub(super) enum Frame {
    /// More will follow.
    Rows(Vec<Fields>),
    /// The command ends by itself with these.
    Last(Vec<Fields>),
}

/// Looks at the router; told the number of the frame.
type Sampler = Box<dyn Fn(&Router, u64) -> Frame + Send>;

/// Frames that were missed while the clock leapt, sent at once; more are left out.
const CATCH_UP: i64 = 100;

/// A command under way that gives samples by the router's clock.
pub(crate) struct Monitor {
    sampler: Sampler,
    pace: Pace,
    /// The router's uptime when it began.
    begun: i64,
    frames: u64,
    wanted: Option<Vec<String>>,
    /// Whether rows tell the number of their sample.
    sections: bool,
}

/// When samples are taken, in milliseconds.
#[derive(Clone, Copy)]
struct Pace {
    interval: i64,
    /// Until when they are taken; none: until it is cancelled.
    lasts: Option<i64>,
    once: bool,
}

impl Monitor {
    /// A monitor as the request paces it: `once`, `duration`, `interval` (20 ms to 5 s, as the trees have it).
    pub(super) fn start(
        router: &Router,
        request: &Request,
        sampler: impl Fn(&Router, u64) -> Frame + Send + 'static,
    ) -> Result<Answer, Trap> {
        let pace = Pace {
            interval: interval(request, 20)?,
            lasts: duration(request, "duration")?,
            // Any value but `false` switches it on (reference 2).
            once: request.argument("once").is_some_and(|value| !matches!(value.as_ref(), b"no" | b"false")),
        };
        Ok(Self::paced(router, request, pace, true, Box::new(sampler)))
    }

    /// One row per packet, without numbers of samples.
    pub(super) fn packets(
        router: &Router,
        request: &Request,
        sampler: impl Fn(&Router, u64) -> Frame + Send + 'static,
    ) -> Result<Answer, Trap> {
        let pace = Pace { interval: interval(request, 10)?, lasts: None, once: false };
        Ok(Self::paced(router, request, pace, false, Box::new(sampler)))
    }

    fn paced(router: &Router, request: &Request, pace: Pace, sections: bool, sampler: Sampler) -> Answer {
        let wanted = request.text(".proplist").or_else(|| request.text("proplist"));
        let wanted = wanted.map(|list| list.split(',').map(str::to_owned).collect());
        let monitor = Monitor { sampler, pace, begun: router.uptime(), frames: 0, wanted, sections };
        Answer { ret: None, then: Then::Sample(Box::new(monitor)) }
    }

    /// Sends the samples that are due, and `!done` behind the last; false when it is over.
    pub(crate) fn advance(&mut self, router: &Router, out: &mut Replies) -> bool {
        let Pace { interval, lasts, once } = self.pace;
        let passed = router.uptime() - self.begun;
        let over = lasts.is_some_and(|lasts| lasts <= passed);
        let due = if over { lasts.unwrap_or(0) - 1 } else { passed }.div_euclid(interval) + 1;
        self.frames = self.frames.max((due - CATCH_UP).max(0) as u64);
        while (self.frames as i64) < due {
            let (rows, last) = match (self.sampler)(router, self.frames) {
                Frame::Rows(rows) => (rows, once),
                Frame::Last(rows) => (rows, true),
            };
            rows.iter().for_each(|row| self.write(row, out));
            if last {
                out.done(None);
                return false;
            }
            self.frames += 1;
        }
        if over {
            out.done(None);
        }
        !over
    }

    fn write(&self, row: &Fields, out: &mut Replies) {
        out.begin("!re");
        for (name, value) in row {
            let wanted = self.wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| wanted == name));
            if wanted {
                out.attribute(name, value.as_bytes());
            }
        }
        if self.sections && !self.pace.once {
            out.attribute(".section", self.frames.to_string().as_bytes());
        }
        out.end();
    }
}

fn interval(request: &Request, least: u64) -> Result<i64, Trap> {
    let Some(text) = request.text("interval") else { return Ok(1000) };
    let interval = parse_duration(&text).ok_or_else(|| Trap::with(ErrorId::InvalidValue, "interval"))?;
    if !(least..=5000).contains(&interval) {
        let bounds = match least {
            // As the tree of ping has it.
            10 => "10ms .. 5s".to_owned(),
            _ => format!("{} .. {}", format_clock(least), format_clock(5000)),
        };
        return Err(Trap::with2(ErrorId::OutOfRange, "interval", &bounds));
    }
    Ok(interval as i64)
}

fn duration(request: &Request, name: &str) -> Result<Option<i64>, Trap> {
    let Some(text) = request.text(name) else { return Ok(None) };
    let duration = parse_duration(&text).and_then(|millis| i64::try_from(millis).ok());
    duration.map(Some).ok_or_else(|| Trap::with(ErrorId::InvalidValue, name))
}
