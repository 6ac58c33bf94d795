package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"tandem/rewrite"
	"tandem/session"
	"tandem/static"
)

// neutral answers those who have no business here: the same for sessions that
// live, ended or never were.
func neutral(w http.ResponseWriter, r *http.Request) {
	static.WriteProblem(w, r, static.Problem{
		Status: http.StatusForbidden, Code: "forbidden",
		Title: "This page cannot be shown", Detail: "It belongs to a shared session. Open the link you were given again.",
	})
}

func cookiesBlocked(w http.ResponseWriter, r *http.Request) {
	static.WriteProblem(w, r, static.Problem{
		Status: http.StatusForbidden, Code: "cookies_blocked",
		Title:  "Your browser did not keep a cookie",
		Detail: "Allow cookies for this page, or leave the private window, and open the link again.",
	})
}

// sessionOver tells a participant that nothing more comes.
func (p *Proxy) sessionOver(w http.ResponseWriter, r *http.Request, s *session.Session) {
	problem := static.Problem{
		Status: http.StatusGone, Code: "session_ended",
		Title: "This session has ended", Detail: "Nobody can see this page any more. You can close it.",
	}
	if host, ok := p.content.Parse(r.Host); ok && host.Kind == rewrite.Site {
		problem.Framer = p.content.Shell(s.ID())
	}
	static.WriteProblem(w, r, problem)
}

// verdict is what the list of origins says of the request.
func (x *exchange) verdict() session.Verdict {
	use := session.Resource
	if x.visit.main {
		use = session.Page
	}
	return x.p.hub.Origins().Decide(x.origin.String()+x.target.EscapedPath(), use)
}

// refusal reports why the site may not be asked at all.
func (x *exchange) refusal() (static.Problem, bool) {
	p := x.p
	if underneath(x.origin.Host, p.content.Host) || strings.EqualFold(hostname(x.origin.Host), p.control.Hostname()) {
		return loopProblem(x.origin), true
	}
	switch v := x.verdict(); {
	case v.Refusal != "" && v.Rule.Pattern != "":
		x.notAllowed()
		return static.Problem{
			Status: http.StatusForbidden, Code: "origin_not_allowed",
			Title:  fmt.Sprintf("This page of %s is not part of this session", x.origin),
			Detail: "The administrator does not let it be opened together. What a rule says of it: tandem origins test URL",
			Back:   true,
		}, true
	case v.Refusal != "":
		x.notAllowed()
		return static.Problem{
			Status: http.StatusForbidden, Code: "origin_not_allowed",
			Title: fmt.Sprintf("%s is not part of this session", x.origin),
			Detail: "Only sites that the administrator has allowed can be opened together. To allow this one, the administrator runs: " +
				"tandem origins allow " + x.origin.String(),
			Back: true,
		}, true
	}
	return static.Problem{}, false
}

func loopProblem(o rewrite.Origin) static.Problem {
	return static.Problem{
		Status: http.StatusLoopDetected, Code: "loop",
		Title:  fmt.Sprintf("%s is this server itself", o),
		Detail: "A shared session cannot open the pages of the server it runs on.", Back: true,
	}
}

// writeProblem answers with a problem.
func (x *exchange) writeProblem(w http.ResponseWriter, problem static.Problem) {
	rec := x.problemPage(problem)
	for name, values := range rec.header {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.status)
	io.WriteString(w, rec.body.String())
}

// problemPage is a page that carries the sync script, so that the agent sees
// it as well.
func (x *exchange) problemPage(problem static.Problem) *recorder {
	problem.Head = template.HTML(x.head(page))
	problem.Framer = x.p.content.Shell(x.session.ID()) + " " + anyContent(x.p.content)
	rec := &recorder{header: make(http.Header)}
	static.WriteProblem(rec, x.in, problem)
	rec.header.Set("Origin-Agent-Cluster", "?1")
	rec.header.Set("Referrer-Policy", "strict-origin-when-cross-origin") // relations are told by it
	return rec
}

// failure turns what went wrong between us and the site into a response.
func (x *exchange) failure(err error) *http.Response {
	problem := problemOf(err, x.origin)
	if !errors.Is(err, context.Canceled) {
		x.p.log.Warn("site failed", append(x.attrs(), "problem", problem.Code, "cause", cause(err))...)
	}
	rec := x.problemPage(problem)
	return &http.Response{
		StatusCode: rec.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: rec.header,
		Body: io.NopCloser(strings.NewReader(rec.body.String())), ContentLength: int64(rec.body.Len()), Request: x.out,
	}
}

// fail replaces a response that cannot be used.
func (x *exchange) fail(resp *http.Response, err error) { *resp = *x.failure(err) }

// recorder is a ResponseWriter that keeps a page of ours.
type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// problemOf says in a person's words what err means.
func problemOf(err error, o rewrite.Origin) static.Problem {
	host := hostname(o.Host)
	problem := func(status int, code, title, detail string) static.Problem {
		return static.Problem{Status: status, Code: code, Title: title, Detail: detail, Back: true}
	}
	var (
		address  *addressError
		dns      *net.DNSError
		verify   *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		timeouts net.Error
	)
	switch {
	case errors.Is(err, errLoop):
		return loopProblem(o)
	case errors.As(err, &address):
		return addressProblem(address, o)
	case errors.Is(err, errTooLarge):
		return problem(http.StatusBadGateway, "too_large", "This file is too large to be shared",
			"The site sent more than a shared page may have.")
	case errors.Is(err, errCoding):
		return problem(http.StatusBadGateway, "bad_coding", host+" sent something unreadable",
			"Its answer is packed in a way that this server does not know.")
	case errors.As(err, &verify):
		return problem(http.StatusBadGateway, "certificate_invalid", "The certificate of "+host+" is not valid",
			"So nobody can tell whether it really is "+host+". "+certificateReason(verify.Err)+" Nothing was sent to it.")
	case isAlert(err), errors.As(err, &record):
		return problem(http.StatusBadGateway, "tls_failed", host+" cannot be reached safely",
			"The encrypted connection to it failed. Nothing was sent to it.")
	case errors.As(err, &dns) && !dns.IsNotFound && !dns.IsTimeout:
		return problem(http.StatusBadGateway, "dns_failed", "The name "+host+" cannot be looked up", "Try again in a moment.")
	case errors.As(err, &dns) && dns.IsNotFound:
		return problem(http.StatusBadGateway, "dns_failed", "There is no site named "+host, "Check the address for mistakes.")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeouts) && timeouts.Timeout():
		return problem(http.StatusGatewayTimeout, "timeout", host+" takes too long to answer", "Try again in a moment.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return problem(http.StatusBadGateway, "refused", host+" does not accept connections", "The site may be down. Try again in a moment.")
	}
	return problem(http.StatusBadGateway, "unreachable", host+" cannot be reached", "The site may be down. Try again in a moment.")
}

// isAlert reports whether a TLS handshake ended by an alert, of either side.
// crypto/tls tells so by a net.OpError alone.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}

func addressProblem(e *addressError, o rewrite.Origin) static.Problem {
	p := static.Problem{
		Status: http.StatusBadGateway, Code: "address_not_allowed", Back: true,
		Title:  fmt.Sprintf("%s is not a public site", hostname(o.Host)),
		Detail: "Its address lies where no site may be opened from here.",
	}
	if e.private {
		p.Detail = "Its address lies in a private network. To allow it, the administrator runs: tandem origins allow --private " + o.String()
	}
	return p
}

func certificateReason(err error) string {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &x509.HostnameError{}):
		return "The certificate is for another name."
	case errors.As(err, &x509.UnknownAuthorityError{}):
		return "It was not issued by an authority that this server trusts."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "It has expired, or is not valid yet."
	}
	return ""
}

// cause is an error for the log. Errors of unknown make may quote what a site
// sent, so only their type is told.
func cause(err error) string {
	var (
		op      *net.OpError
		verify  *tls.CertificateVerificationError
		address *addressError
		dns     *net.DNSError
	)
	for _, known := range []any{&op, &verify, &address, &dns} {
		if errors.As(err, known) {
			return strings.ToValidUTF8(err.Error()[:min(len(err.Error()), 300)], "?")
		}
	}
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errCoding), errors.Is(err, errLoop), errors.Is(err, errAllowance), errors.Is(err, errIntegrity), errors.Is(err, context.Canceled),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
		return err.Error()
	}
	return fmt.Sprintf("%T", err)
}
