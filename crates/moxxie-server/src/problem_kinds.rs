//! Every kind of problem by its code, with what a person can do about it. `/problems/{code}` shows them.

/// One kind of problem.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The stable word for programs.
    pub(crate) code: &'static str,
    /// The HTTP status it comes with.
    pub(crate) status: u16,
    /// The kind in a few words.
    pub(crate) title: &'static str,
    /// What it means and what helps.
    pub(crate) meaning: &'static str,
}

/// All a client is told of a defect.
pub(crate) const INTERNAL_DETAIL: &str =
    "an internal error occurred; the server's log has it under the request id of this answer (x-request-id)";

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal $title:literal: $meaning:literal;)+) => {
        $(pub(crate) const $name: Kind = Kind {
            code: $code, status: $status, title: $title, meaning: $meaning,
        };)+

        /// All kinds.
        pub(crate) const ALL: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    VALIDATION = 422 "validation" "The request is not valid":
        "A field, parameter or header has a value that cannot work, is missing, or is not known. `errors` \
         names each one and says what would work. Nothing was changed.";
    MALFORMED_JSON = 400 "malformed_json" "The body is not JSON":
        "The body could not be read as JSON; the answer says at which line and column. Nothing was changed.";
    BAD_REQUEST = 400 "bad_request" "The request could not be read":
        "The request line, a header or the path is not well formed. Nothing was changed.";
    UNAUTHENTICATED = 401 "unauthenticated" "Not logged in":
        "The request has no valid bearer token: it is missing, unknown, expired or revoked. Log in with \
         `moxxie login`, or send `Authorization: Bearer <token>`.";
    FORBIDDEN = 403 "forbidden" "Not allowed":
        "The token is valid but its role may not do this. An administrator can make a token with a \
         higher role.";
    NOT_FOUND = 404 "not_found" "Not found":
        "There is no such thing, or it is not in the scope of the token.";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed" "The method is not possible here":
        "The path exists, the method does not; the header `Allow` lists those that do.";
    TIMEOUT = 408 "request_timeout" "The request came too slowly":
        "The body did not arrive in time. Nothing was changed; send it again.";
    CONFLICT = 409 "conflict" "In conflict with what is there":
        "The request is fine, but what exists already is in its way. The answer says what, and what \
         would work.";
    BODY_TOO_LARGE = 413 "body_too_large" "The body is too large":
        "A body may have at most 256 KiB. Nothing was changed.";
    URI_TOO_LONG = 414 "uri_too_long" "The address is too long":
        "The path and query of the request are longer than the server takes.";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type" "Not a JSON body":
        "Bodies are JSON: send `Content-Type: application/json`.";
    RANGE_OVERLAP = 409 "range_overlap" "The range overlaps another":
        "Ranges of a network do not overlap: an address is for one thing. Look at them (GET .../ranges) and choose \
         others, or delete the one in the way.";
    QUARANTINED = 409 "quarantined" "It is in quarantine":
        "It was released and is kept back for a while. Wait, or end the quarantine by releasing it once more with \
         `now=true`; then it is free for everybody.";
    ON_ROUTERS = 409 "on_routers" "It is on the routers already":
        "What routers were told when the network was provisioned is not changed behind their back.";
    ASN_TAKEN = 409 "asn_taken" "The AS number is in use":
        "An AS number belongs to one thing. Leave it out to get the next free one, or choose another.";
    CONTAINER_TAKEN = 409 "container_taken" "There is a container of that prefix":
        "A VRF has one container of a prefix. Use that one, or choose another prefix.";
    INTERNAL = 500 "internal" "Internal error":
        "A defect of the server. Please report it with the request id of the answer; the server's log has \
         the cause.";
    UNAVAILABLE = 503 "unavailable" "Not available now":
        "The database or a router does not answer at the moment. Nothing is lost; try again after the time \
         in `Retry-After`.";
    ROUTER_UNREACHABLE = 503 "router_unreachable" "A router does not answer":
        "The change could not reach a router before its deadline. When nothing can have reached it, the \
         reservation is released; otherwise it stays held until the router answers or an operator \
         writes the change off.";
    DEADLINE_PASSED = 409 "deadline_passed" "The change could not begin in time":
        "Another change of the same router was not over before the deadline of this one. Nothing was sent \
         and the reservation is released. Look at the changes of the router, then ask again.";
    FOREIGN_ROW = 409 "foreign_row" "Something of somebody else is in the way":
        "The router has a row that moxxie does not own with the same name, VLAN id or address. `context` \
         names it. Remove or rename it, or ask for another VLAN id or subnet.";
    NO_ANCHOR = 409 "no_anchor" "The firewall has no anchor":
        "moxxie puts its filter rules before a rule with a certain comment, in the chains `forward` and \
         `input`, and the router has none. Add it where the rules shall begin.";
    PROFILE_BYPASSED = 409 "profile_bypassed" "The firewall profile would be bypassed":
        "A rule before the anchor accepts or fasttracks what the profile drops, or hardware offloading \
         passes the firewall by. The profile would promise what it does not keep, so it is refused.";
    ROUTER_REFUSED = 409 "router_refused" "A router refused a command":
        "The router answered a command with a refusal; its words are in the answer. What had been done is \
         undone.";
    IDENTITY_CHANGED = 409 "identity_changed" "This is not the router that was enrolled":
        "Serial number or key of the device differ from those it was registered with. It is not written \
         to until it has been looked at.";
    NEEDS_OPERATOR = 409 "needs_operator" "A person has to decide":
        "The change could neither be completed nor undone. Look at it, then retry it, roll it back or \
         resolve it with a reason.";
    CANCELLED = 409 "cancelled" "The change was called off":
        "The change was cancelled before anything was sent to a router.";
    ROLLED_BACK = 409 "rolled_back" "The change was undone":
        "The change did not succeed and everything is as it was before.";
    NAME_TAKEN = 409 "name_taken" "The name is taken":
        "Something of the same kind has this name already. Choose another one.";
    EXHAUSTED = 409 "exhausted" "Nothing is left":
        "The pool or VLAN range has nothing of the size asked for. The answer says what is left and where.";
    VLAN_TAKEN = 409 "vlan_taken" "The VLAN id is taken":
        "Another network has this VLAN id in the same VLAN domain. Ask for another one, or for none and \
         take the lowest free one.";
    PREFIX_TAKEN = 409 "prefix_taken" "The prefix is taken":
        "The prefix overlaps one that is in use in the same VRF. Ask for another one, or for none and take \
         the best fitting free one.";
    POOL_OVERLAP = 409 "pool_overlap" "The pool overlaps another one":
        "Pools may only nest. Register the part that no other pool has.";
    INSIDE_POOL = 409 "inside_pool" "The container would lie in a pool":
        "Containers hold pools and other containers; pools are the leaves. Split the pool, or name a larger \
         prefix.";
    CONTAINER_INSIDE = 409 "container_inside" "A container lies in the pool":
        "Containers hold pools, not the other way round. Register pools inside the container, or remove it \
         first; what lies in it stays.";
    POOLS_DIFFER = 409 "pools_differ" "The pools cannot be one":
        "Pools that become one must be of one VRF and for the same datacentre. Make that the same first.";
    PREFIXES_DIFFER = 409 "prefixes_differ" "The prefixes cannot be one":
        "Prefixes that become one must be of one pool and owner and taken in the same way.";
    NOT_HELD = 409 "not_held" "It is not held":
        "Only a hold that has not lapsed can be confirmed. Take it anew.";
    BULK_REFUSED = 409 "bulk_refused" "Some items cannot be done":
        "All or none: some items cannot be had, so nothing was taken. `context.errors` lists each by its \
         place in the request.";
    ASN_RANGE_OVERLAP = 409 "asn_range_overlap" "The range overlaps another one":
        "Ranges of AS numbers may not overlap. Register the part that no other range has.";
    RANGE_RESERVED = 409 "range_reserved" "The range is kept for another tenant":
        "Numbers of this range go to one tenant only. Ask as that tenant, or for a number of another range.";
    NO_RANGE = 409 "no_range" "There is no range of AS numbers":
        "AS numbers come from ranges and none is open to this tenant and datacentre. Register one.";
    NETWORK_ON_ROUTERS = 409 "network_on_routers" "The network is on routers":
        "Its prefix cannot change while routers and hosts use it. Order a network of the new size, move the \
         hosts, then remove this one.";
    VRF_NOT_ON_ROUTERS = 409 "vrf_not_on_routers" "The VRF is not on routers":
        "Only networks of the VRF main can be put on routers in this version. Those of other VRFs can be \
         reserved.";
    SIZE_NOT_ON_ROUTERS = 409 "size_not_on_routers" "A /31 or /127 is not put on routers":
        "Whether every supported RouterOS version takes a /31 or a /127 as two addresses of one link has not been \
         established. Such a network can be reserved; order a /30 to have it on routers.";
    ADDRESS_TAKEN = 409 "address_taken" "The address is taken":
        "The address is recorded already. Ask for another one, or for the next free one.";
    ADDRESS_ANSWERS = 409 "address_answers" "The address is in use":
        "The network's router asked for the address and somebody answered, whatever the records say. Find out \
         who, or adopt it as a record; the answer names the MAC address where it is known.";
    CANNOT_VERIFY = 409 "cannot_verify" "Nobody can ask whether the address is in use":
        "The network is on no router, or the router refuses to ask: moxxie's user there needs the policy \
         `test`. Leave `verify` out to go by the last scan.";
    SCAN_RUNNING = 409 "scan_running" "The router is being scanned":
        "Somebody is looking at the router at this moment. Its findings are there in a moment.";
    NOT_ADOPTABLE = 409 "not_adoptable" "The finding cannot be adopted":
        "Only an address without record inside a network becomes a record. Acknowledge other findings with a \
         reason, or change what they are about.";
    NOT_ACCEPTABLE = 409 "not_acceptable" "The drift cannot be accepted":
        "Only a field that differs, a disabled row or a missing one can be taken as it is. Put other drift right, \
         or ignore it with a reason.";
    NOT_REVERTIBLE = 409 "not_revertible" "No change can put the drift right":
        "moxxie changes and removes only rows that are its own beyond doubt, and does not move rules. The message \
         says what to do on the router; what is right there is noticed.";
    DRIFT_OVER = 409 "drift_over" "The drift is over":
        "The row is as it should be by now, or is no row of ours any more.";
    IN_USE = 409 "in_use" "Something still needs it":
        "Other things refer to it: addresses to a network, networks to a tenant, a pool or a router, pools \
         and routers to a datacentre. Remove them first.";
    LAST_ADMIN = 409 "last_admin" "The last admin token":
        "Without a valid admin token nobody could make another one. Make one first, then revoke this one.";
    NO_POOL = 409 "no_pool" "The datacentre has no pool":
        "Networks get their prefixes from pools and none is open to this datacentre. Register one.";
    NO_ROUTER = 409 "no_router" "The datacentre has no router":
        "There is nothing to put the network on. Register a router, or only reserve with \
         `POST /networks/allocate`.";
    SITE_HAS_ROUTER = 409 "site_has_router" "The datacentre has a router already":
        "This version has one router per datacentre.";
    CHANGED_MEANWHILE = 409 "changed_meanwhile" "Somebody else was faster":
        "What the request is about changed while it was being looked at. Read it again and repeat the \
         request if it still makes sense.";
    PLAN_CHANGED = 409 "plan_changed" "The plan would be another one by now":
        "Records or routers changed since the plan was asked for, so nothing was done. The answer has the plan as \
         it would be now (`context.plan`): look at it, and give its id if it is what you want.";
    IDEMPOTENCY_KEY = 409 "idempotency_key" "The idempotency key is in use":
        "A request with the same key is being worked on at this moment. Repeat it a little later to get \
         its answer.";
    CHANGE_OPEN = 409 "change_open" "A change is not over yet":
        "The network has a change that is still going on. Wait for it or cancel it.";
    NOT_PROVISIONED = 409 "not_provisioned" "The network is not provisioned":
        "What is asked for needs a network that is on its routers. The detail says what to do first.";
    VERSION_CHANGED = 412 "version_changed" "Another version":
        "The update insists on a version (`If-Match`), and there is another one by now. Read it again and \
         decide anew.";
    CHANGE_OVER = 409 "change_over" "The change is over":
        "There is nothing left to cancel, retry, roll back or resolve.";
    CHANGE_DECIDED = 409 "change_decided" "The change has been decided":
        "The routers have what was asked for and the change only goes forward from here. Remove the \
         network to undo it.";
    ROUTER_LOGIN = 409 "router_login" "A router did not let us in":
        "User or password are not what the router expects, or its user group lacks a right.";
    ROUTER_TLS = 409 "router_tls" "No trusted connection to a router":
        "TLS could not be agreed on, or the key of the router is not the one it was registered with.";
    UNKNOWN_KEY = 409 "unknown_key" "Nobody has vouched for the router's key":
        "The router shows a key, in `context`, that is not on record. Compare it at the router's console, then \
         repeat the request with it in `tls.spkiSha256`. No login was sent.";
    NO_CERTIFICATE = 409 "no_certificate" "The router has no certificate":
        "Its TLS service only offers anonymous encryption, which does not show who answers. Let the enrolment \
         log in without protection this once (`plainAddress`), or prepare the router at its console.";
    NO_ANSWER = 409 "no_answer" "Nothing answers at the address":
        "The router to be enrolled could not be reached where the request says it is. Look at address and port, \
         at the router's services and at what filters in between.";
    ENROLMENT_REFUSED = 409 "enrolment_refused" "The router is not ready to be enrolled":
        "Something that was found is in the way; `context` has all findings. Nothing was written to the router.";
    DEVICE_BUSY = 409 "device_busy" "Somebody else is working on the device":
        "Another enrolment or a change has the device at this moment. Try again when it is done.";
    OTHER_DEVICE = 409 "other_device" "Another device answers":
        "The serial number of what answers is not the one the request confirms. Nothing was done.";
    SAME_DEVICE = 409 "same_device" "The device is the one on record":
        "A replacement has another serial number. To put login or certificate of the same device right, enrol \
         it again.";
    NOT_ENROLLED = 409 "not_enrolled" "The router was never reached":
        "There is no device on record that could be replaced. Change how the router is reached, or enrol it.";
    UNSUPPORTED_VERSION = 409 "unsupported_version" "The RouterOS version is not supported":
        "The router runs a version that cannot do what is needed, or that is not known yet.";
    CONNECTION_LOST = 503 "connection_lost" "The connection to a router broke":
        "The connection was lost on the way. What had been done is undone as soon as the router answers.";
    ROUTER_TIMEOUT = 503 "router_timeout" "A router did not answer in time":
        "A command had no answer before its deadline. What had been done is undone as soon as the router \
         answers.";
    CUTS_MANAGEMENT = 409 "cuts_management" "The router could not be managed afterwards":
        "What was asked for takes away the address at which moxxie reaches the router, or draws the way back to a \
         management prefix of the datacentre into a network. Choose another prefix, or reach the router another way \
         first.";
    STILL_REFERRED = 409 "still_referred" "Rules or routes of others refer to it":
        "What would be removed from the router is named by rows that are not moxxie's: they would be left without \
         it. The answer has the rows; remove or change them first.";
    PLAN_REFUSED = 409 "plan_refused" "There is no safe plan":
        "What was asked for cannot be done on the router as it is. The answer says why.";
    GUARD_REFUSED = 409 "guard_refused" "The router gave no safety net":
        "Changes are made under the router's own safe mode or timer, and it could not be had.";
    GUARD_LOST = 409 "guard_lost" "The router let go of its safety net":
        "Safe mode ended before its part of the change was complete, by somebody's hand or because the router \
         had too much to remember. What had been done is undone.";
    SAFE_MODE_HELD = 409 "safe_mode_held" "Somebody else holds safe mode":
        "A person or program has the router in safe mode. The change goes on when it is released.";
    VERIFICATION_FAILED = 409 "verification_failed" "The router is not as planned":
        "Everything was accepted, but read back over a fresh session the router was not as planned. What \
         had been done is undone.";
    ROLLBACK_REFUSED = 409 "rollback_refused" "The change could not be undone":
        "The router refused a command of the rollback. A person has to look at it; the reservation stays \
         held until then.";
    PROCESS_ENDED = 409 "process_ended" "The server stopped on the way":
        "The process that ran the change ended before it was decided. What had been done is undone.";
    TRYING_AGAIN = 409 "trying_again" "The change is tried again":
        "Something passing was in the way. What had been done is undone, and the change begins anew until \
         its deadline.";
    WRITTEN_OFF = 409 "written_off" "The change was written off":
        "An operator resolved the change with a reason, without the router having been seen clean.";
}

/// The kind with this code.
pub(crate) fn find(code: &str) -> Option<&'static Kind> {
    ALL.iter().copied().find(|kind| kind.code == code)
}

/// The kind for a status that comes without one.
pub(crate) fn by_status(status: u16) -> &'static Kind {
    match ALL.iter().copied().find(|kind| kind.status == status && kind.code != MALFORMED_JSON.code) {
        Some(kind) => kind,
        None if status < 500 => &BAD_REQUEST,
        None => &INTERNAL,
    }
}

/// A title for a code, also for one without a kind.
pub(crate) fn title_of(code: &str) -> String {
    if let Some(kind) = find(code) {
        return kind.title.to_owned();
    }
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_words_and_unique() {
        for (index, kind) in ALL.iter().enumerate() {
            assert!(kind.code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", kind.code);
            assert!(!ALL[..index].iter().any(|other| other.code == kind.code), "{} twice", kind.code);
        }
    }

    #[test]
    fn every_status_has_a_kind() {
        assert_eq!(by_status(400).code, "bad_request");
        assert_eq!(by_status(404).code, "not_found");
        assert_eq!(by_status(409).code, "conflict");
        assert_eq!(by_status(422).code, "validation");
        assert_eq!(by_status(418).code, "bad_request");
        assert_eq!(by_status(500).code, "internal");
        assert_eq!(by_status(503).code, "unavailable");
    }

    #[test]
    fn a_code_without_a_kind_has_a_title_all_the_same() {
        assert_eq!(title_of("something_new"), "Something new");
        assert_eq!(title_of("vlan_taken"), "The VLAN id is taken");
    }
}
