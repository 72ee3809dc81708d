//! `/cancel` (reference 1.6).

use super::connection::Connection;
use crate::command::{Replies, Request};
use crate::errors::{ErrorId, Trap};

impl Connection {
    /// Order as seen: the cancelled command's trap, the cancel's done, the cancelled command's done
    /// (reference 1.6).
    pub(super) fn cancel(&mut self, request: &Request) {
        let tag = request.argument("tag").map(|tag| tag.to_vec());
        let hit = |candidate: &Option<Vec<u8>>| tag.is_none() || *candidate == tag;
        let session = self.session();
        {
            // From here on nothing new is said in the name of what is cancelled.
            let mut router = self.shared.router();
            let meant = |of: u32, candidate: &[u8]| {
                of == session && tag.as_deref().is_none_or(|tag| tag == candidate)
            };
            router.followers.retain(|follower| !meant(follower.session, &follower.tag));
            router.running.retain(|running| !meant(running.session, &running.tag));
        }
        self.hear_all();
        let mut cancelled = self.queue.cancel(tag.as_deref());
        for list in [&mut self.hung, &mut self.following] {
            cancelled.extend(list.iter().filter(|candidate| hit(candidate)).cloned());
            list.retain(|candidate| !hit(candidate));
        }
        self.outputs.retain(|output| {
            let unsent = hit(&output.tag) && output.sent < output.replies.len();
            if unsent && !cancelled.contains(&output.tag) {
                cancelled.push(output.tag.clone());
            }
            !unsent
        });
        for tag in &cancelled {
            let mut replies = Replies::new(tag.clone());
            replies.trap(&Trap::new(ErrorId::Interrupted));
            self.buffer.extend_from_slice(replies.bytes());
        }
        let mut replies = Replies::new(request.tag.clone());
        replies.done(None);
        self.buffer.extend_from_slice(replies.bytes());
        for tag in cancelled {
            let mut replies = Replies::new(tag);
            replies.done(None);
            self.buffer.extend_from_slice(replies.bytes());
        }
    }
}
