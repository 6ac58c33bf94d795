package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
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
		Title: "problem.forbidden.title", Detail: "problem.forbidden.detail",
	})
}

func cookiesBlocked(w http.ResponseWriter, r *http.Request) {
	static.WriteProblem(w, r, static.Problem{
		Status: http.StatusForbidden, Code: "cookies_blocked",
		Title: "problem.cookies_blocked.title", Detail: "problem.cookies_blocked.detail",
	})
}

// sessionOver tells a participant that nothing more comes.
func (p *Proxy) sessionOver(w http.ResponseWriter, r *http.Request, s *session.Session) {
	problem := static.Problem{
		Status: http.StatusGone, Code: "session_ended",
		Title: "problem.session_ended.title", Detail: "problem.session_ended.detail",
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
func (x *exchange) refusal(v session.Verdict) (static.Problem, bool) {
	p := x.p
	if underneath(x.origin.Host, p.content.Host) || strings.EqualFold(hostname(x.origin.Host), p.control.Hostname()) {
		return loopProblem(x.origin), true
	}
	switch {
	case v.Refusal != "" && v.Rule.Pattern != "":
		x.notAllowed()
		return static.Problem{
			Status: http.StatusForbidden, Code: "origin_not_allowed",
			Title: "problem.page_not_allowed.title", Detail: "problem.page_not_allowed.detail",
			Words: static.Words{"origin": x.origin.String()}, Back: true,
		}, true
	case v.Refusal != "":
		x.notAllowed()
		return static.Problem{
			Status: http.StatusForbidden, Code: "origin_not_allowed",
			Title: "problem.origin_not_allowed.title", Detail: "problem.origin_not_allowed.detail",
			Words: static.Words{"origin": x.origin.String()}, Back: true,
		}, true
	}
	return static.Problem{}, false
}

func loopProblem(o rewrite.Origin) static.Problem {
	return static.Problem{
		Status: http.StatusLoopDetected, Code: "loop",
		Title: "problem.loop.title", Detail: "problem.loop.detail",
		Words: static.Words{"origin": o.String()}, Back: true,
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
func (x *exchange) fail(resp *http.Response, err error) {
	*resp = *x.failure(err)
	h := x.writer.Header()
	clear(h)
	maps.Copy(h, resp.Header)
}

// recorder is a ResponseWriter that keeps a page of ours.
type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// problemOf says what err means to a person.
func problemOf(err error, o rewrite.Origin) static.Problem {
	problem := func(status int, code, title, detail string) static.Problem {
		return static.Problem{Status: status, Code: code, Title: title, Detail: detail, Words: static.Words{"host": hostname(o.Host)}, Back: true}
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
		return problem(http.StatusBadGateway, "too_large", "problem.too_large.title", "problem.too_large.detail")
	case errors.Is(err, errCoding):
		return problem(http.StatusBadGateway, "bad_coding", "problem.bad_coding.title", "problem.bad_coding.detail")
	case errors.As(err, &verify):
		return problem(http.StatusBadGateway, "certificate_invalid", "problem.certificate_invalid.title", certificateReason(verify.Err))
	case isAlert(err), errors.As(err, &record):
		return problem(http.StatusBadGateway, "tls_failed", "problem.tls_failed.title", "problem.tls_failed.detail")
	case errors.As(err, &dns) && !dns.IsNotFound && !dns.IsTimeout:
		return problem(http.StatusBadGateway, "dns_failed", "problem.dns_failed.title", "problem.later")
	case errors.As(err, &dns) && dns.IsNotFound:
		return problem(http.StatusBadGateway, "dns_failed", "problem.no_site.title", "problem.no_site.detail")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeouts) && timeouts.Timeout():
		return problem(http.StatusGatewayTimeout, "timeout", "problem.timeout.title", "problem.later")
	case errors.Is(err, syscall.ECONNREFUSED):
		return problem(http.StatusBadGateway, "refused", "problem.refused.title", "problem.down")
	}
	return problem(http.StatusBadGateway, "unreachable", "problem.unreachable.title", "problem.down")
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
		Title: "problem.address_not_allowed.title", Detail: "problem.address_not_allowed.detail",
		Words: static.Words{"host": hostname(o.Host), "origin": o.String()},
	}
	if e.private {
		p.Detail = "problem.address_not_allowed.private"
	}
	return p
}

// certificateReason is the key of what is wrong with a certificate.
func certificateReason(err error) string {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &x509.HostnameError{}):
		return "problem.certificate_invalid.name"
	case errors.As(err, &x509.UnknownAuthorityError{}):
		return "problem.certificate_invalid.authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "problem.certificate_invalid.expired"
	}
	return "problem.certificate_invalid.detail"
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
