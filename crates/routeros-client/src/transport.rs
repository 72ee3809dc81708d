//! Opening the byte stream and reading sentences from it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use routeros_wire::{Decoder, Sentence};
use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::{Config, Error, LostCause, Security, tls};

/// Room made in the read buffer before each read. Rows of one read share an allocation of this size.
const READ_ROOM: usize = 64 * 1024;

/// A connected byte stream, plain or TLS.
pub(crate) enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    /// TCP, then TLS where asked for. `stage` is kept at what is being done, for a time-out's report.
    pub(crate) async fn open(config: &Config, stage: &mut &'static str) -> Result<Self, Error> {
        let address = &config.address;
        let connect = |source| Error::Connect { address: address.clone(), source: Arc::new(source) };
        *stage = "TCP connection";
        let tcp = TcpStream::connect(&**address).await.map_err(connect)?;
        // Commands are small and wait for answers: Nagle's delay would be added to each.
        tcp.set_nodelay(true).map_err(connect)?;
        if config.security == Security::Plain {
            return Ok(Self::Plain(tcp));
        }
        *stage = "TLS handshake";
        let tls = tls::handshake(address, &config.security, tcp).await;
        let tls = tls.map_err(|source| Error::Tls { address: address.clone(), source })?;
        Ok(Self::Tls(Box::new(tls)))
    }
}

/// Makes room in a decoder's buffer, so that a read takes more than a few bytes.
pub(crate) fn with_room(buffer: &mut BytesMut) -> &mut BytesMut {
    if buffer.capacity() - buffer.len() < READ_ROOM / 8 {
        buffer.reserve(READ_ROOM);
    }
    buffer
}

/// What the end of the byte stream means.
pub(crate) fn end_of_stream(decoder: &Decoder) -> LostCause {
    if decoder.is_mid_sentence() { LostCause::Cut } else { LostCause::Closed }
}

/// Reads until a sentence is complete.
pub(crate) async fn read_sentence<S>(stream: &mut S, decoder: &mut Decoder) -> Result<Sentence, LostCause>
where
    S: AsyncRead + Unpin,
{
    loop {
        if let Some(sentence) = decoder.next_sentence().map_err(LostCause::Decode)? {
            return Ok(sentence);
        }
        let read = stream.read_buf(with_room(decoder.buffer_mut())).await;
        if read.map_err(|error| LostCause::Io(Arc::new(error)))? == 0 {
            return Err(end_of_stream(decoder));
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
