// Package session holds the sessions of a server: who takes part, who may do
// what, what they saw so far, and the sockets between them.
//
// # Words
//
// A session is one meeting of a visitor and an agent, or several: up to four
// browsers that were let in by the agent's link follow at once, each with a
// seat, a colour and a pointer of its own. The visitor leads: only the visitor's
// browser loads the site and runs its scripts. The agent follows and sees a
// mirror. A [Hub] holds all sessions; a room is where the people of one session
// meet; each has a seat there, which stays when the connection goes. A link is
// the ordered stream of messages to one seat, whatever sockets carry it.
//
// A session waits for the visitor's consent, is active, and then is over:
// declined, expired or ended. What is over is erased at once: jar, assets,
// tree, cookies and tickets. For a day a tombstone without content tells those
// who hold a link what happened; one of an invitation nobody took knows names
// and address, to make it again.
//
// # Who gets in
//
// Links carry a secret of 128 bits in the fragment of their URL, which browsers
// send to nobody; a page of ours posts it. The visitor's is bound to the
// browser that shows it first, or to as many as it was made for; the agent's
// works on several devices until the end. A code of eight characters, for the
// telephone, does what the visitor's link does, for 15 minutes, and few may be
// guessed. Only digests are kept. A session's id is public and opens nothing.
// Until the visitor decides, the page that was let in last may ask again by a
// secret of its own: the answer with its cookie may have been lost.
//
// An invitation is sent, opened, and then accepted, declined or out of time. As
// long as it is not accepted the agent may take it back and make another; who
// shows an older one is told so. Agents who wait learn each of these at once.
// For a day after its time has run out there may be another session like it.
//
// Consent is taken for what the server would ask for at that moment: the page
// sends back a name for the terms it was given. It is recorded with the time and
// a digest of the words that the page showed, and their language.
//
// A session may belong to an agent (package agents). It has no agent's link
// then: its page opens where they are signed in, or somebody who sees all, or a
// colleague whom one of these let in, who takes part and decides nothing. They
// sit there under their own names, in one seat each whatever the device. Whether
// they still may is looked at again whenever anything about agents changes;
// what belongs to an agent who is disabled ends.
//
// The visitor goes on with another device by a link like these, good for two
// minutes and one browser, which is let in when the visitor says so; then the
// browser before has nothing that is good for anything. What pages kept in it
// goes along, localStorage, sessionStorage and databases (IndexedDB) of every host
// that was visited: the shell hands it in before, and the next one takes it, once,
// before it opens a page. Meanwhile it is in memory only. Caches stay behind.
//
// Having joined, a browser is known on the control host by a cookie for its
// role. Consent is given there and nowhere else. On the shell and on each
// content host the visitor has another cookie, had in exchange for a ticket:
// good for 30 seconds, once, at that host. The agent never has one. All of
// them are worthless when the session is over.
//
// # Who may do what
//
// The tables rights and needs are all there is; testdata/rights.golden has them
// as one. In short: the visitor tells what is shown, and decides on the mode and
// on pauses; the agent asks for input and navigation in shared mode only; both
// point, draw and talk; both may end the session. Of what the mode allows an
// agent has the rights that the session was created with, as far as the visitor
// leaves them: to point, draw, scroll, navigate, use tabs, click, fill fields,
// upload, lead. Beyond the tables, input to masked nodes, to what the site keeps for
// its visitor, and navigation to origins that are not allowed are refused.
//
// What the visitor takes away is gone at once, whatever the store does; what
// they give holds once it is recorded. While sharing is paused the shell sends
// nothing of the pages, and followers can do nothing but talk and wait.
//
// The words of a page in the visitor's browser arrive by way of the shell, which
// takes from it only kinds of messages that describe the page. So a page cannot
// change the mode, and what is wrong with its words is refused without closing
// the connection.
//
// Drawings that stay and the conversation are kept in memory for those who come
// later: 500 strokes, 200 lines. They go with the page, or the session.
//
// # Showing
//
// An agent may lead, too: "let me show you". A showing is a session inside the
// session, with the roles swapped: the agent's browser has the visitor's place in
// it, and the visitor follows in view mode, where they may point, draw and scroll;
// they talk in the session around it. So it has a cookie jar, a key, assets, hosts and masks of its own, and nothing of
// one is good for anything in the other. The agent leads it in a window of its
// own, in the visitor's shell: content hosts need cookies, which browsers keep
// from frames of another site such as the console.
//
// It waits until the visitor agrees, for a minute, and nobody is in it before.
// The agent enters by what lets them into the session around it, the visitor
// follows by the cookie of their shell, and nobody else does either. There is one
// at a time. It ends when either closes it or leaves, the visitor pauses, takes
// the right away or goes on with another device, and with the session around
// it, whose part of the audit log has its begin and end.
//
// # What followers see
//
// Fields for passwords, cards and one-time codes are masked always. What else
// is hidden, or may not be used, is said by attributes of the page
// (data-tandem-mask, -block, -allow and -protect) and by [PageRules]: patterns
// of addresses with CSS selectors, which an operator changes while the server
// runs. The visitor's browser does it, before anything leaves it; package
// mirror checks what can be checked again by its marks. Once hidden, an element
// stays so until the page is left. What masked fields hold is taken out of
// whatever else leaves the browser, too: titles, addresses, texts into which a
// page copied it. That is a net below masking, which knows neither what is
// shorter than four characters nor what a page has cut or encrypted.
//
// # Files and the clipboard
//
// When a page asks for a file because of what an agent did, the agent chooses
// it, and files may be dropped on the mirror. They are offered by name and size,
// the visitor is asked, and what they take goes through the server in pieces of
// 128 KiB, four under way at most: ten files of 10 MiB each. Nothing of them is
// kept here. An offer ends with shared mode, with a pause and with either
// browser's stream. What the visitor chooses agents know by name only.
//
// What the visitor saves agents know by name only, too, until the visitor passes
// a copy on: it is made while the file passes, in memory, up to 25 MiB and four at
// a time on the server. For two minutes the visitor may give it to those who
// follow, and for two more each of them may fetch it once. It is recorded that it
// was, and not what.
//
// What a page copies because of an agent's input goes to that agent, who may put
// it into their own clipboard. The visitor's is never read for anybody else, and
// written only when the visitor presses the shell's button for it.
//
// # The link
//
// Frames are JSON, or JSON deflated (RFC 1951, no header) in a binary frame.
// Who says "packed" in its hello, as our pages do, gets all frames after the
// welcome packed in binary frames, and may send such; package wire has the format
// and says why it is not the browser's own.
// The client begins with {"hello":{"stream","received"}}, naming the stream it
// was in and the last message it has; the answer {"welcome":{…}} says whether
// the stream goes on. If not, both sides number from 1, the leader tells anew
// all it shows, and the follower is told all there is. Then frames are
// [number, acknowledgement, message], or [0, acknowledgement] alone. Number 0
// marks a message that may be lost: a pointer or a scroll position, of which the
// next one says all again.
//
// What was sent is kept until acknowledged: at most 4 MiB, and nothing more is
// sent while that is full. What waits has no number yet, and newer news take
// the place of older. When more than 1 MiB waits, what waits about documents
// is dropped, and each document is told afresh when its turn comes; so a slow
// follower lags by little and costs little. Who cannot even take the rest is
// disconnected with 4408. A stream whose owner does not come back within a
// minute is given up. Inputs that were under way to a leader who resumes are
// performed, once; when the leader starts again instead, whoever asked is told
// that they were not.
//
// # Live or not
//
// Every three seconds the server asks the leader's page whether it lives, while
// somebody follows, and passes the answer to the followers. These measure the
// silence themselves: after ten seconds they say that what they show is not
// live, whoever of the three it is that sleeps. A page that shows a dialog can't
// answer; that it does is told by a request of its own, before it stands still.
//
// # Healing
//
// The leader's browser digests its live page, a few milliseconds at a time, and
// tells the digests with its changes. The server and the followers compare them
// with what they have. Who finds a difference asks for digests of what is
// inside, until a small element is left, and then for that element; followers
// are answered from the server's tree. When that does not help the document is
// told whole. What scripts made of style sheets only browsers can compare, so a
// follower that has other rules asks the leader for them. All of this is limited
// in rate, so that a page that lies is at most shown as not quite right.
//
// Close codes: 4400 protocol error, 4401 not allowed, 4403 session over, 4406 too
// many people, 4408 too slow, 4409 replaced by a newer connection, 4410 moved to
// another device, 4413 frame too large, 1001 server going away.
//
// # The tunnel
//
// A network may let no WebSocket through, which a page cannot tell from a server
// that is away. So when a connection does not come about it asks the server by
// HTTP. After two that failed though the server answered, the page tries a tunnel:
// POST requests to the address of the socket, of which one waits for frames and
// others bring some. Behind it is a socket like any other, so rights, limits and
// close codes are the same; each request needs the cookie, the origin and a secret
// that only this page has. When that is blocked, too, people are told what is and
// what they can do, and both are tried in turn.
//
// # What is kept
//
// A record (people, state, digests) is on disk before a change of it takes
// effect; only an end takes effect first. Content is sealed under the
// session's own key, which is destroyed at the end: the jar and the digests of
// cookies before the response that changed them, tabs and aliases within a tenth
// of a second. When content can't be written the session goes on, and it is
// tried again. Trees and assets are never written: after a restart nobody can
// resume, so the leader tells them again.
//
// A record, too, is sealed under that key, for names and addresses are in it;
// what a session that is over leaves for a day, under a new one. So a copy of
// the store, old or new, gives nothing away and brings nothing back.
//
// The audit log (package audit) says who created, joined, accepted, changed and
// ended what, and who sent what is not theirs to send. What gives rights is in
// it before it takes effect; without it nothing is given. Wrong guesses are in
// it by the address they came from, counted over ten minutes.
package session
