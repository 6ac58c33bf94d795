package static

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTheVisitorAcceptsAfterReading(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("POST /api/join", 200, f.joined("visitor", "waiting", "shared"))
	f.answer("POST /api/sessions/"+fakeSession+"/visitor/accept", 200,
		fmt.Sprintf(`{"enter":"%s/.tandem/enter","ticket":"tkt"}`, f.data().Shell()))
	f.welcome = visitorWelcome("shared")
	v := openPage(t, f.control+"/j/"+fakeSession+"#s3cret", desktop)

	v.waitFor("", "document.querySelector('h1')?.textContent.includes('Ada invites you')")
	text := ask[string](v, "", "document.body.innerText")
	for _, want := range []string{"https://shop.example", "click and type with you", "Passwords", "One-time codes", "Nothing is recorded"} {
		if !strings.Contains(text, want) {
			t.Errorf("the invitation does not say %q:\n%s", want, text)
		}
	}
	if got := ask[string](v, "", "location.hash"); got != "" {
		t.Errorf("the secret is still in the address: %q", got)
	}
	v.waitFor("", "document.querySelector('[data-tandem=accept]')")
	ask[bool](v, "", "document.querySelector('[data-tandem=accept]').click(), true")
	time.Sleep(200 * time.Millisecond)
	if got := ask[string](v, "", "location.pathname"); !strings.HasPrefix(got, "/j/") {
		t.Errorf("a click made by a script was taken as consent: now at %q", got)
	}
	v.click("[data-tandem=accept]")
	v.waitFor("", "location.hostname.startsWith('shell--')")
	f.mu.Lock()
	defer f.mu.Unlock()
	if want := "tkt from " + f.control; f.ticket != want {
		t.Errorf("the shell host got the ticket %q, want %q", f.ticket, want)
	}
	if want := `POST /api/join {"session":"` + fakeSession + `","secret":"s3cret","attempt":"`; !strings.HasPrefix(f.calls[0], want) {
		t.Errorf("joined with %q, want %q", f.calls[0], want)
	}
}

func TestTheVisitorDeclines(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("POST /api/join", 200, f.joined("visitor", "waiting", "view"))
	f.answer("POST /api/sessions/"+fakeSession+"/visitor/decline", 200, `{}`)
	v := openPage(t, f.control+"/j/"+fakeSession+"#s3cret", desktop)
	v.waitFor("", "document.body.innerText.includes('Only you click and type')")
	v.click("[data-tandem=decline]")
	v.waitFor("", "document.body.innerText.includes('You declined')")
}

func TestAnInvitationThatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	v := openPage(t, f.control+"/j/"+fakeSession, desktop)
	for code, want := range map[string]string{
		"link_used": "already been used", "link_expired": "has expired", "session_ended": "has ended", "declined": "was declined",
		"not_found": "do not know this link", "forbidden": "not been let in", "too_many_tries": "Too many tries", "odd": "The server could not do this",
	} {
		f.answer("GET /api/sessions/"+fakeSession+"/visitor", 403, `{"error":{"code":"`+code+`","message":"A sentence of the server."}}`)
		v.goTo(f.control + "/j/" + fakeSession)
		v.waitFor("", "document.body.innerText.includes('"+want+"')")
	}
}

func TestASpokenCodeLeadsToTheInvitation(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("POST /api/join", 404, `{"error":{"code":"not_found","message":"no"}}`)
	v := openPage(t, f.control+"/", desktop)
	v.waitFor("", "document.activeElement.id === 'code'")
	v.typeText("abod-eFgh")
	v.key("Enter", 13)
	v.waitFor("", "document.getElementById('code-status').textContent.includes('This code opens nothing')")
	if got := f.calls[0]; !strings.HasPrefix(got, `POST /api/join {"code":"AB0DEFGH","attempt":"`) {
		t.Errorf("sent %q", got)
	}
	f.answer("POST /api/join", 200, f.joined("visitor", "waiting", "shared"))
	f.answer("GET /api/sessions/"+fakeSession+"/visitor", 200, f.joined("visitor", "waiting", "shared"))
	v.click("#go")
	v.waitFor("", "document.body.innerText.includes('Ada invites you')")
}

func visitorWelcome(mode string) map[string]any {
	return map[string]any{
		"you": map[string]any{"id": "v", "role": "visitor", "name": "Ben", "color": "#0a7d5a"},
		"people": []map[string]any{
			{"id": "v", "role": "visitor", "name": "Ben", "color": "#0a7d5a", "online": true},
			{"id": "a", "role": "agent", "name": "Ada", "color": "#7c3aed", "online": true},
		},
		"mode": mode, "state": "active", "session": fakeSession, "url": "https://shop.example/cart?step=1",
	}
}

func TestTheShellJoinsPageAndServer(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.welcome = visitorWelcome("shared")
	v := openPage(t, f.data().Shell()+"/", desktop)

	doc := f.want("doc")
	if doc["url"] != "https://shop.example/cart" || doc["parent"] != nil {
		t.Errorf("announced %v", doc)
	}
	ops := f.want("ops")
	if ops["doc"] != doc["doc"] || fmt.Sprint(ops["ops"]) != "[[0 1 standards [html 0 [body 0 hi]]]]" {
		t.Errorf("passed on %v", ops)
	}
	// The tab is described as soon as there is a document, and again when it has a title and moves on.
	for tab := f.want("tab"); tab["url"] != "https://shop.example/cart?step=1" || tab["title"] != "Shop"; tab = f.want("tab") {
	}
	v.waitFor("", "document.querySelector('[data-tandem=address]').innerText.includes('shop.example')")
	if got := ask[string](v, "", "getComputedStyle(document.getElementById('stage')).borderColor"); got != "rgb(124, 58, 237)" {
		t.Errorf("the frame is %s, want the agent's colour", got)
	}
	if got := ask[float64](v, "", "document.querySelector('.bar').getBoundingClientRect().height"); got > 44 {
		t.Errorf("the bar is %v px high", got)
	}

	id := int(doc["doc"].(float64))
	f.send(fmt.Sprintf(`{"type":"input","n":7,"from":"a","doc":%d,"input":{"kind":"click","node":3}}`, id))
	if done := f.want("done"); done["n"] != 7.0 || done["ok"] != true {
		t.Errorf("answered %v", done)
	}
	f.send(`{"type":"input","n":8,"from":"a","doc":1,"input":{"kind":"click","node":3}}`)
	if done := f.want("done"); done["n"] != 8.0 || done["ok"] != false {
		t.Errorf("for a document that is gone, answered %v", done)
	}
	f.deflated(fmt.Sprintf(`{"type":"scroll","doc":%d,"node":0,"x":0,"y":40,"from":"a"}`, id))
	v.waitFor("shop-example--", "told.some(m => m.type === 'scroll' && m.y === 40)")

	// A page that breaks out of its list of changes says nothing at all.
	ask[bool](v, "shop-example--", `port.postMessage({type:'ops', ops:'[]},{"type":"end"'}), port.postMessage({type:'done', n:99, ok:true}),
		port.postMessage({type:'ops', ops:'[[7,0,0,5]]'}), true`)
	if next := f.want("ops"); fmt.Sprint(next["ops"]) != "[[7 0 0 5]]" {
		t.Errorf("passed on %v", next)
	}

	f.send(fmt.Sprintf(`{"type":"pointer","from":"a","doc":%d,"node":3,"fx":0.5,"fy":0.5,"x":1,"y":1}`, id))
	v.waitFor("shop-example--", "told.some(m => m.type === 'locate' && m.node === 3)")
	f.send(fmt.Sprintf(`{"type":"mark","from":"a","doc":%d,"node":3,"fx":0.5,"fy":0.5,"x":1,"y":1}`, id))
	time.Sleep(250 * time.Millisecond)
	v.picture("shell-shared-cursor")
	// What is hidden is tinted, until the visitor has seen enough of that.
	v.waitFor("", "!document.querySelector('[data-tandem=veils]').hidden && !document.querySelector('tandem-veils').hidden")
	v.click("[data-tandem=veils]")
	v.waitFor("", "document.querySelector('tandem-veils').hidden && document.querySelector('[data-tandem=veils]').getAttribute('aria-pressed') === 'false'")
}

func TestTheShellComesBackWithoutLosingOrRepeating(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.welcome = visitorWelcome("view")
	v := openPage(t, f.data().Shell()+"/", desktop)
	f.want("ops")
	f.mu.Lock()
	f.refuse = true
	f.conn.Close()
	f.mu.Unlock()
	v.waitFor("", "document.querySelector('[data-tandem=status]').innerText.includes('Reconnecting')")
	ask[bool](v, "shop-example--", `port.postMessage({type:'ops', ops:'[[5,2,"one"]]'}), port.postMessage({type:'ops', ops:'[[5,2,"two"]]'}), true`)
	v.waitFor("", "document.querySelector('.veil.banner')?.innerText.includes('*.tandem-pages.localhost')") // the server answers, but not by WebSocket
	v.picture("shell-blocked")
	f.mu.Lock()
	f.refuse = false
	f.mu.Unlock()
	var told []any // in one message or in several
	for len(told) < 2 {
		told = append(told, f.want("ops")["ops"].([]any)...)
	}
	if got := fmt.Sprint(told); got != "[[5 2 one] [5 2 two]]" {
		t.Errorf("got %s after the link came back", got)
	}
	v.waitFor("", "document.querySelector('[data-tandem=status]').innerText.includes('Sharing') && !document.querySelector('.veil')")

	// The server forgot the stream: everything is told again, beginning with a snapshot.
	f.mu.Lock()
	f.seq = -1
	f.conn.Close()
	f.mu.Unlock()
	f.want("doc")
	if ops := f.want("ops"); !strings.HasPrefix(fmt.Sprint(ops["ops"]), "[[0 1 standards") || ops["binary"] != true {
		t.Errorf("got %.80v after the server forgot us, want a deflated snapshot", ops)
	}
}

func TestTabsThatPagesOpen(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.news = make(chan struct{})
	f.welcome = visitorWelcome("shared")
	v := openPage(t, f.data().Shell()+"/", desktop)
	f.want("ops")
	ask[bool](v, "shop-example--", `port.postMessage({type:'open', id:'w1', url:'https://news.example/help', name:'help', features:''}), true`)
	v.waitFor("", "document.querySelectorAll('iframe').length === 2 && document.querySelector('[data-tandem=tab]').src.includes('news-example--')")
	v.waitFor("shop-example--", "told.some(m => m.type === 'opened' && m.id === 'w1')")
	for f.want("tab")["tab"] != 2.0 {
	}
	if m := f.want("activate"); m["tab"] != 2.0 {
		t.Errorf("activated %v, want the new tab once it was described", m)
	}
	// That it is loading was said with it, and is not said again: what waits in the page to be said comes before this timer.
	ask[bool](v, "", "new Promise(done => setTimeout(done, 100, true))")
	f.send(`{"type":"activate","tab":1}`)
	for m := <-f.got; m["type"] != "activate"; m = <-f.got {
		if m["type"] == "tab" && m["tab"] == 2.0 {
			t.Errorf("told again of a tab that has not changed: %v", m)
		}
	}
	f.send(`{"type":"activate","tab":2}`)
	f.want("activate")
	close(f.news)
	v.waitFor("news-example--", "told.some(m => m.type === 'start')")
	v.waitFor("", "document.querySelectorAll('[role=tab]').length === 2")

	// Messages between the two carry the origin the browser vouches for, and only reach whom they are for.
	ask[bool](v, "news-example--", `port.postMessage({type:'post', to:'opener', data:{n:1}, origin:'https://bank.example', target:'https://bank.example'}),
		port.postMessage({type:'post', to:'opener', data:{n:2}, origin:'https://bank.example', target:'*'}), true`)
	v.waitFor("shop-example--", "told.some(m => m.type === 'post')")
	if got := ask[string](v, "shop-example--", "JSON.stringify(told.filter(m => m.type === 'post'))"); got != `[{"type":"post","from":"w1","data":{"n":2},"origin":"https://news.example"}]` {
		t.Errorf("the opener got %s", got)
	}
	// Whoever else is in the tab cannot take the place of the opener, nor close it: a frame of another site, say.
	ask[bool](v, "shop-example--", `document.body.append(Object.assign(document.createElement('iframe'), {src: location.href.replace('shop-example--', 'evil-example--') + '#thief'})), true`)
	v.waitFor("", "document.querySelectorAll('iframe').length === 3")
	v.picture("shell-tabs")
	f.send(`{"type":"activate","tab":1}`)
	v.waitFor("", "document.querySelector('[data-tandem=tab]').src.includes('shop-example--')")
	ask[bool](v, "news-example--", "port.postMessage({type:'close'}), true")
	v.waitFor("", "document.querySelectorAll('iframe').length === 2")
	v.waitFor("shop-example--", "told.some(m => m.type === 'closed' && m.id === 'w1')")
}

func TestStopSharingEndsItHereAndThere(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.welcome = visitorWelcome("shared")
	v := openPage(t, f.data().Shell()+"/", desktop)
	f.want("ops")
	v.click("[data-tandem=end]")
	f.want("end")
	v.waitFor("", "document.body.innerText.includes('Sharing has ended')")
	if got := ask[string](v, "", "document.querySelector('a[data-tandem=address]').href"); got != "https://shop.example/cart?step=1" {
		t.Errorf("the way on leads to %q", got)
	}
	if ask[int](v, "", "document.querySelectorAll('iframe').length") != 0 {
		t.Error("the site is still shown")
	}
}

func TestASessionThatEndedMeanwhileIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.welcome = visitorWelcome("shared")
	v := openPage(t, f.data().Shell()+"/", desktop)
	f.want("ops")
	f.mu.Lock()
	f.refuse, f.over = true, true
	f.conn.Close()
	f.mu.Unlock()
	v.waitFor("", "document.body.innerText.includes('Sharing has ended')")
}

func agentWelcome(mode, state string) map[string]any {
	w := visitorWelcome(mode)
	w["you"] = map[string]any{"id": "a", "role": "agent", "name": "Ada", "color": "#7c3aed"}
	w["state"] = state
	w["key"] = "assetkey"
	return w
}

const fakeTabs = `{"type":"tabs","tabs":[{"tab":1,"url":"https://shop.example/cart?step=1","title":"Your cart – Fern & Field","active":true}]}`

func TestTheAgentWaitsThenSeesAndActs(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("POST /api/join", 200, f.joined("agent", "waiting", "shared"))
	f.welcome = agentWelcome("shared", "waiting")
	v := openPage(t, f.control+"/a/"+fakeSession+"#s3cret", desktop)
	v.waitFor("", "document.body.innerText.includes('Waiting for Ben')")
	v.waitFor("", "document.querySelector('[data-tandem=end]')")
	for f.socket() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	f.mu.Lock()
	f.welcome["state"] = "active"
	f.mu.Unlock()
	f.send(`{"type":"state","state":"active"}`)
	f.send(fakeTabs)
	v.waitFor("", "document.querySelector('iframe[data-tandem=tab]')")
	v.waitFor("view--", "window.key === 'assetkey'")
	f.send(`{"type":"doc","doc":5,"tab":1,"url":"https://shop.example/cart","ops":[[0,1,"standards"]]}`)
	v.waitFor("view--", "told.some(m => m.type === 'doc' && m.doc === 5 && m.ops.length === 1)")
	if got := ask[string](v, "", "document.querySelector('[data-tandem=address]').value"); got != "https://shop.example/cart?step=1" {
		t.Errorf("address shows %q", got)
	}
	v.picture("console-live")

	ask[bool](v, "view--", "port.postMessage({type:'input', n:1, doc:5, input:{kind:'click', node:3}}), true")
	input := f.want("input")
	f.send(fmt.Sprintf(`{"type":"done","n":%.0f,"ok":true}`, input["n"]))
	v.waitFor("view--", "told.some(m => m.type === 'done' && m.n === 1)")

	v.click("[data-tandem=address]")
	v.typeText("shop.example/sale")
	v.key("Enter", 13)
	if nav := f.want("navigate"); nav["url"] != "https://shop.example/sale" || nav["tab"] != 1.0 {
		t.Errorf("navigated with %v", nav)
	}
	v.click("[data-tandem=back]")
	if m := f.want("go"); m["action"] != "back" {
		t.Errorf("went %v", m)
	}
	f.send(`{"type":"refused","n":3,"what":"input","why":"masked"}`)
	v.waitFor("", "document.querySelector('tandem-toasts').innerText.includes('This is hidden from you.')")
	f.send(`{"type":"leader","online":false,"since":null}`)
	v.waitFor("", "document.querySelector('.veil')?.innerText.includes('Ben is away')")
	v.picture("console-away")
	f.send(`{"type":"leader","online":true}`)
	v.waitFor("", "!document.querySelector('.veil')")
	f.send(`{"type":"ended","by":"v","reason":"visitor"}`)
	v.waitFor("", "document.body.innerText.includes('The session has ended')")
}

func TestAViewOnlyAgentIsToldSo(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("POST /api/join", 200, f.joined("agent", "active", "view"))
	f.welcome = agentWelcome("view", "active")
	v := openPage(t, f.control+"/a/"+fakeSession+"#s3cret", desktop)
	v.waitFor("", "document.querySelector('[data-tandem=mode]')?.innerText.includes('View only')")
	if !ask[bool](v, "", "document.querySelector('[data-tandem=back]').disabled && document.querySelector('[data-tandem=address]').readOnly") {
		t.Error("back and address are offered although the server would refuse them")
	}
}

func TestTheAgentSeesHowAnInvitationEnded(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("GET /api/sessions/"+fakeSession+"/agent", 200, f.joined("agent", "waiting", "shared"))
	f.welcome = agentWelcome("shared", "waiting")
	v := openPage(t, "about:blank", desktop)
	for state, want := range map[string]string{"declined": "Ben declined", "expired": "has expired"} {
		before := f.greeted()
		v.goTo(f.control + "/a/" + fakeSession)
		v.waitFor("", "document.body.innerText.includes('Waiting for Ben')")
		for f.greeted() == before {
			time.Sleep(10 * time.Millisecond)
		}
		f.send(`{"type":"state","state":"` + state + `"}`)
		v.waitFor("", "document.body.innerText.includes('"+want+"')")
	}
}
