//! Server-sent events, as far as this API uses them.
//!
//! Source: WHATWG HTML, section "Server-sent events" (interpretation of an event stream).

/// Takes bytes as they come and gives the `data` of whole events.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    buffer: Vec<u8>,
    data: String,
}

impl Parser {
    /// Takes more bytes and gives the events they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.buffer.extend_from_slice(bytes);
        let mut events = Vec::new();
        // Only whole lines are looked at, so a character is never cut in two.
        while let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                if !self.data.is_empty() {
                    events.push(std::mem::take(&mut self.data));
                }
            } else if let Some(value) = line.strip_prefix("data:") {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value.strip_prefix(' ').unwrap_or(value));
            }
            // Names, ids, retry times and comments (keep-alives) tell nothing the data does not.
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_whole_however_the_bytes_come() {
        let stream =
            ": hello\r\nid: 1\nevent: step\ndata: {\"a\":\ndata: \"é\"}\n\n: ping\n\ndata:x\n\n".as_bytes();
        let whole = ["{\"a\":\n\"é\"}", "x"];
        assert_eq!(Parser::default().push(stream), whole);
        for size in 1..8 {
            let mut parser = Parser::default();
            let events: Vec<_> = stream.chunks(size).flat_map(|chunk| parser.push(chunk)).collect();
            assert_eq!(events, whole, "in pieces of {size}");
        }
    }

    #[test]
    fn an_event_cut_off_is_none() {
        assert!(Parser::default().push(b"data: x\n").is_empty());
    }
}
