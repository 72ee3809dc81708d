//! What a router is.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Command, Connection, Error, Reply, Row, TrapKind, Version, parse_duration};

/// Uptime has a resolution of one second on either side of a comparison; the rest is for slow answers.
const REBOOT_SLACK: Duration = Duration::from_secs(10);

/// What tells one device from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HardwareId {
    /// `serial-number` of `/system/routerboard`.
    Serial(String),
    /// `system-id` of `/system/license`: CHR has no serial number.
    SystemId(String),
}

/// Facts about a router, from one wave of prints.
///
/// ```
/// use routeros_client::{Config, Connection, Facts, HardwareId, Security};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let router = routeros_emulator::Emulator::builder().user("admin", "secret").start().await?;
/// # let config = Config::new(&router.addr().to_string(), "admin", "secret".into(), Security::Plain);
/// # let connection = Connection::open(&config).await?;
/// let facts = Facts::read(&connection).await?;
/// assert!(facts.version.has(7, 16) && facts.identity == "MikroTik");
/// // A CHR has a system id, a device a serial number.
/// assert!(matches!(facts.hardware_id, HardwareId::SystemId(_)));
/// assert!(!Facts::read(&connection).await?.rebooted_since(&facts));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Facts {
    /// RouterOS version.
    pub version: Version,
    /// `board-name`: `CCR2116-12G-4S+`, `CHR ...`.
    pub board: String,
    /// `architecture-name`: `arm64`, `x86_64`.
    pub architecture: String,
    /// Serial number or system id.
    pub hardware_id: HardwareId,
    /// The router's name for itself.
    pub identity: String,
    /// Time since it booted.
    pub uptime: Duration,
    /// When this was read, by the clock of this process.
    pub read_at: Instant,
}

impl Facts {
    /// Reads them: `/system/resource`, `/system/identity`, `/system/routerboard` and `/system/license`,
    /// the last two as far as the device has them.
    ///
    /// # Errors
    ///
    /// As for [`Connection::run`]; [`Error::Answer`] when a property that every router has is missing.
    pub async fn read(connection: &Connection) -> Result<Self, Error> {
        const PATHS: [&str; 4] = [
            "/system/resource/print",
            "/system/identity/print",
            "/system/routerboard/print",
            "/system/license/print",
        ];
        let read_at = Instant::now();
        let mut answers = connection.run_all(PATHS.map(Command::new)).await.into_iter();
        let mut next = || answers.next().unwrap_or(Err(missing(PATHS[0], "row")));
        let (resource, identity) = (next()?, next()?);
        let (board, license) = (optional(next())?, optional(next())?);

        let text = |reply: &Reply, path, property: &'static str| {
            let value = reply.first().and_then(|row| row.text(property));
            value.map(|value| value.into_owned()).ok_or_else(|| missing(path, property))
        };
        let hardware_id = board
            .as_ref()
            .and_then(|row| row.get("serial-number").map(|serial| HardwareId::Serial(serial.to_owned())))
            .or_else(|| {
                let id = license.as_ref()?.get("system-id")?;
                Some(HardwareId::SystemId(id.to_owned()))
            })
            .ok_or_else(|| missing(PATHS[3], "system-id"))?;
        let version = text(&resource, PATHS[0], "version")?;
        let uptime = text(&resource, PATHS[0], "uptime")?;
        Ok(Self {
            version: version.parse().map_err(|_| missing(PATHS[0], "version"))?,
            board: text(&resource, PATHS[0], "board-name")?,
            architecture: text(&resource, PATHS[0], "architecture-name")?,
            hardware_id,
            identity: text(&identity, PATHS[1], "name")?,
            uptime: parse_duration(&uptime).ok_or_else(|| missing(PATHS[0], "uptime"))?,
            read_at,
        })
    }

    /// True when the router has booted since `earlier` was read: its uptime is less than it would be.
    pub fn rebooted_since(&self, earlier: &Self) -> bool {
        let elapsed = self.read_at.saturating_duration_since(earlier.read_at);
        self.uptime + REBOOT_SLACK < earlier.uptime + elapsed
    }
}

fn missing(command: &str, property: &'static str) -> Error {
    Error::Answer { command: command.into(), property }
}

/// The row of a menu that not every device has, or not every user may see.
fn optional(answer: Result<Reply, Error>) -> Result<Option<Row>, Error> {
    match answer {
        Ok(reply) => Ok(reply.rows.into_iter().next()),
        Err(error) => match error.trap_kind() {
            Some(TrapKind::NoSuchCommand | TrapKind::Permission) => Ok(None),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(uptime: u64, read_at: Instant) -> Facts {
        Facts {
            version: Version::new(7, 20, 0),
            board: String::new(),
            architecture: String::new(),
            hardware_id: HardwareId::Serial(String::new()),
            identity: String::new(),
            uptime: Duration::from_secs(uptime),
            read_at,
        }
    }

    #[test]
    fn a_reboot_shows_in_the_uptime() {
        let start = Instant::now();
        let later = start + Duration::from_secs(100);
        let before = facts(1_000, start);
        assert!(!facts(1_100, later).rebooted_since(&before));
        assert!(!facts(1_095, later).rebooted_since(&before), "slack");
        assert!(facts(1_050, later).rebooted_since(&before), "a clock cannot lose this much");
        assert!(facts(30, later).rebooted_since(&before));
        // Booted just before the first reading and again between: still less than expected.
        assert!(facts(60, later).rebooted_since(&facts(5, start)));
    }
}
