//! A CHR in QEMU, for as long as a run takes.
//!
//! QEMU's user networking needs no rights and no bridge: it gives the guest an address by DHCP, which a new
//! CHR asks for on `ether1`, and leads a local port to the guest's API. Written to the image is nothing.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use routeros_client::{Connection, Error};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::Target;

/// How to start it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The raw disk image.
    pub image: PathBuf,
    /// The program.
    pub qemu: PathBuf,
    /// Local port for the API; 0 lets the system choose.
    pub port: u16,
    /// Until the first login must have worked.
    pub boot_timeout: Duration,
}

/// Why there is no CHR to ask.
#[derive(Debug, thiserror::Error)]
pub enum ChrError {
    /// No such file.
    #[error("there is no CHR image at {image}; the vendor's download page has raw images, packed as zip")]
    NoImage {
        /// As given.
        image: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that cannot be a disk.
    #[error("{image} is no raw disk image: {why}")]
    BadImage {
        /// As given.
        image: PathBuf,
        /// What it is.
        why: &'static str,
    },
    /// No QEMU.
    #[error("{qemu} is not installed (on Debian: apt-get install --no-install-recommends qemu-system-x86)")]
    NoQemu {
        /// As given.
        qemu: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory or a port could not be had.
    #[error("preparing to start QEMU")]
    Prepare(#[source] io::Error),
    /// QEMU ended.
    #[error("QEMU ended before the router answered ({status}){console}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// The end of what it and the guest wrote.
        console: String,
    },
    /// The firmware found nothing to boot, or the kernel gave up.
    #[error("the image does not boot{console}")]
    NoBoot {
        /// The end of what the guest wrote.
        console: String,
    },
    /// A router answered, and refused us.
    #[error("the CHR has booted, but does not let {user} in (a new image has admin without password)")]
    Refused {
        /// Who tried.
        user: String,
        /// Its words.
        source: Box<Error>,
    },
    /// Nobody answered.
    #[error("no router answered within {} s{console}", .after.as_secs())]
    Timeout {
        /// The time allowed.
        after: Duration,
        /// The end of what the guest wrote.
        console: String,
        /// The last attempt's error.
        source: Option<Box<Error>>,
    },
}

/// What firmware and kernels say when there is no hope.
const HOPELESS: &[&str] = &["No bootable device", "Boot failed", "Kernel panic", "not a bootable disk"];

/// A running QEMU; dropping it ends it.
#[derive(Debug)]
pub struct Machine {
    child: Child,
    port: u16,
    boot_timeout: Duration,
    files: tempfile::TempDir,
}

impl Machine {
    /// Starts QEMU. Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`ChrError::NoImage`], [`ChrError::BadImage`], [`ChrError::NoQemu`], [`ChrError::Prepare`].
    pub fn start(settings: &Settings) -> Result<Self, ChrError> {
        check_image(&settings.image)?;
        let port = match settings.port {
            0 => free_port().map_err(ChrError::Prepare)?,
            port => port,
        };
        let files = tempfile::tempdir().map_err(ChrError::Prepare)?;
        let errors = std::fs::File::create(files.path().join("stderr")).map_err(ChrError::Prepare)?;
        let child = Command::new(&settings.qemu)
            .args(arguments(&settings.image, &files.path().join("serial"), port))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn();
        let child = child.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => ChrError::NoQemu { qemu: settings.qemu.clone(), source },
            _ => ChrError::Prepare(source),
        })?;
        Ok(Self { child, port, boot_timeout: settings.boot_timeout, files })
    }

    /// Where the API will be.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits until a login works.
    ///
    /// # Errors
    ///
    /// [`ChrError::Ended`], [`ChrError::NoBoot`], [`ChrError::Refused`], [`ChrError::Timeout`].
    pub async fn booted(mut self, target: &Target) -> Result<Self, ChrError> {
        let start = Instant::now();
        let mut last = None;
        while start.elapsed() < self.boot_timeout {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(ChrError::Ended { status, console: self.console() });
            }
            let console = self.console();
            if HOPELESS.iter().any(|text| console.contains(text)) {
                return Err(ChrError::NoBoot { console });
            }
            // QEMU takes connections before the guest does, which then end or hang: each gets little time.
            let left = self.boot_timeout.saturating_sub(start.elapsed()).min(Duration::from_secs(5));
            let config = target.config().connect_timeout(left.max(Duration::from_millis(100)));
            match Connection::open(&config).await {
                Ok(connection) => {
                    connection.close().await;
                    return Ok(self);
                }
                Err(source @ Error::Login { .. }) => {
                    return Err(ChrError::Refused { user: target.user.clone(), source: Box::new(source) });
                }
                Err(error) => last = Some(Box::new(error)),
            }
            tokio::time::sleep(Duration::from_millis(500).min(left)).await;
        }
        Err(ChrError::Timeout { after: self.boot_timeout, console: self.console(), source: last })
    }

    /// Ends it.
    pub async fn stop(mut self) {
        // It may have ended by itself, which is as good.
        _ = self.child.kill().await;
    }

    /// The last lines that QEMU and the guest wrote, for messages.
    pub fn console(&self) -> String {
        let mut text = String::new();
        for (name, title) in [("stderr", "QEMU says"), ("serial", "the console's last lines")] {
            let Ok(file) = std::fs::read(self.files.path().join(name)) else { continue };
            let file = String::from_utf8_lossy(&file);
            let lines: Vec<_> = file.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            if !lines.is_empty() {
                let tail = lines[lines.len().saturating_sub(8)..].join("\n  ");
                text.push_str(&format!("\n{title}:\n  {tail}"));
            }
        }
        text
    }
}

fn check_image(image: &Path) -> Result<(), ChrError> {
    let no_image = |source| ChrError::NoImage { image: image.to_owned(), source };
    let bad = |why| Err(ChrError::BadImage { image: image.to_owned(), why });
    let file = std::fs::File::open(image).map_err(no_image)?;
    if file.metadata().map_err(no_image)?.is_dir() {
        return bad("it is a directory");
    }
    let mut head = Vec::new();
    file.take(512).read_to_end(&mut head).map_err(no_image)?;
    match head.as_slice() {
        [b'P', b'K', ..] => bad("it is a zip archive, unpack it first"),
        [b'K', b'D', b'M', ..] => bad("it is a VMDK, take the raw image"),
        [b'Q', b'F', b'I', 0xfb, ..] => bad("it is a QCOW2, take the raw image"),
        [_, ..] if head.len() == 512 && head.ends_with(&[0x55, 0xaa]) => Ok(()),
        _ => bad("it has no boot sector"),
    }
}

/// Two machines that start at the same moment could get the same one; QEMU then says so and ends.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn arguments(image: &Path, serial: &Path, port: u16) -> Vec<OsString> {
    // A comma in a path would end QEMU's option; doubled it stands for itself.
    let path = |path: &Path| path.display().to_string().replace(',', ",,");
    [
        // The firmware writes to the serial line, where we see it, only when there is no graphics.
        "-machine".to_owned(),
        "accel=kvm:tcg,graphics=off".to_owned(),
        "-m".to_owned(),
        "512".to_owned(),
        "-display".to_owned(),
        "none".to_owned(),
        "-monitor".to_owned(),
        "none".to_owned(),
        "-serial".to_owned(),
        format!("file:{}", path(serial)),
        // What the guest writes goes to a temporary file.
        "-drive".to_owned(),
        format!("file={},format=raw,if=virtio,snapshot=on", path(image)),
        "-netdev".to_owned(),
        format!("user,id=lan,hostfwd=tcp:127.0.0.1:{port}-:8728"),
        "-device".to_owned(),
        "virtio-net-pci,netdev=lan".to_owned(),
    ]
    .map(OsString::from)
    .into()
}
