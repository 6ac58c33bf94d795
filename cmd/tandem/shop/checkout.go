package shop

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An intent is one visit of the checkout. Its id is the form's one-time token;
// its payment id is what the frame knows.
type intent struct {
	email   string
	payment string
	amount  int
	receipt string // set when paid
	card    string // last four digits
	used    bool
}

type order struct {
	ID, Email                 string
	At                        time.Time
	Bill                      bill
	Name, Street, City        string
	Country, Day, Speed, Note string
	Wrap                      bool
	Card                      string // last four digits
	token                     string
	invoice                   []byte
}

// When is the delivery day in words; a day that is none stays as it was sent.
func (o *order) When() string {
	day, err := time.Parse(time.DateOnly, o.Day)
	if err != nil {
		return o.Day
	}
	return day.Format("Monday, 2 January")
}

type checkoutForm struct {
	Bill               bill
	Token, Payment     string
	Problem            string
	Countries          []string
	FirstDay, LastDay  string
	Name, Street, City string
}

func (s *Shop) checkout(w http.ResponseWriter, r *http.Request) {
	email, ok := s.signedIn(w, r)
	if !ok {
		return
	}
	if basketFrom(r).count() == 0 {
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return
	}
	s.showCheckout(w, r, email, http.StatusOK, "")
}

// showCheckout makes a fresh intent, so that no token is ever shown twice.
func (s *Shop) showCheckout(w http.ResponseWriter, r *http.Request, email string, status int, problem string) {
	form := checkoutForm{
		Bill: billFor(r), Token: newID(), Payment: newID(), Problem: problem,
		Countries: []string{"Denmark", "Finland", "France", "Germany", "Netherlands", "Norway", "Sweden"},
		FirstDay:  time.Now().AddDate(0, 0, 2).Format(time.DateOnly),
		LastDay:   time.Now().AddDate(0, 2, 0).Format(time.DateOnly),
		Name:      r.PostFormValue("name"), Street: r.PostFormValue("street"), City: r.PostFormValue("city"),
	}
	in := &intent{email: email, payment: form.Payment, amount: form.Bill.Total}
	s.mu.Lock()
	s.intents.put(form.Token, in)
	s.intents.put(form.Payment, in)
	s.mu.Unlock()
	s.render(w, r, status, "checkout", "Checkout", form)
}

// redeem uses the one-time token up. The receipt must be the frame's.
func (s *Shop) redeem(token, receipt, email string, amount int) (in *intent, problem string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.intents.get(token)
	switch {
	case !ok || in.payment == token || in.email != email:
		return nil, "This checkout has expired. Nothing was charged; please try once more.", http.StatusConflict
	case in.used:
		return nil, "This order was already placed. You will find it in your account.", http.StatusConflict
	case in.receipt == "" || in.receipt != receipt:
		return nil, "The payment was not completed. Nothing was charged.", http.StatusPaymentRequired
	case in.amount != amount:
		return nil, "Your basket has changed since you paid. Please check it and try once more.", http.StatusConflict
	}
	in.used = true
	s.orderSeq++
	return in, "", 0
}

func (s *Shop) placeOrder(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	email, ok := s.signedIn(w, r)
	if !ok {
		return
	}
	b := billFor(r)
	token := r.PostFormValue("token")
	in, problem, status := s.redeem(token, r.PostFormValue("receipt"), email, b.Total)
	if problem != "" {
		s.fail(w, r, status, "No order was placed", problem)
		return
	}
	o := &order{
		Email: email, At: time.Now(), Bill: b, Card: in.card, token: token,
		Name: r.PostFormValue("name"), Street: r.PostFormValue("street"), City: r.PostFormValue("city"), Country: r.PostFormValue("country"),
		Day: r.PostFormValue("day"), Speed: r.PostFormValue("speed"), Note: strings.TrimSpace(r.PostFormValue("note")), Wrap: r.PostFormValue("wrap") != "",
	}
	s.mu.Lock()
	o.ID = fmt.Sprintf("F-%d", s.orderSeq)
	o.invoice = invoicePDF(o)
	s.orders.put(o.ID, o)
	s.mu.Unlock()
	for _, l := range b.Lines {
		s.stock.sell(l)
	}
	s.log.add("order", email, fmt.Sprintf("%s %s %d pieces", o.ID, money(b.Total), basket(b.Lines).count()))
	basket(nil).save(w)
	http.SetCookie(w, &http.Cookie{Name: "coupon", Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/order/"+o.ID, http.StatusSeeOther)
}

// orderOf finds the order in the path, if it is the customer's own.
func (s *Shop) orderOf(w http.ResponseWriter, r *http.Request) (*order, bool) {
	email, ok := s.signedIn(w, r)
	if !ok {
		return nil, false
	}
	s.mu.Lock()
	o, ok := s.orders.get(r.PathValue("id"))
	s.mu.Unlock()
	if !ok || o.Email != email {
		s.fail(w, r, http.StatusNotFound, "No such order", "There is no order of yours by that number.")
		return nil, false
	}
	return o, true
}

func (s *Shop) showOrder(w http.ResponseWriter, r *http.Request) {
	if o, ok := s.orderOf(w, r); ok {
		s.render(w, r, http.StatusOK, "order", "Thank you – order "+o.ID, o)
	}
}

// invoice is a download that supports ranges.
func (s *Shop) invoice(w http.ResponseWriter, r *http.Request) {
	o, ok := s.orderOf(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="invoice-%s.pdf"`, o.ID))
	w.Header().Set("ETag", `"`+o.ID+`"`)
	http.ServeContent(w, r, "", o.At, bytes.NewReader(o.invoice))
}
