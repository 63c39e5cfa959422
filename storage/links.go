package storage

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"headgoose/storage/record"
)

// Keys:
//
//	link/<hash of token>   -> record.Link
//	linkof/<person>        -> the hash of the person's newest enrolment link
//	claim/<chat>           -> record.Claim: an enrolment that is under way
//	claimof/<person>       -> the chat of the claim that waits for an officer

// TokenSize is the length in bytes of a link's random token.
const TokenSize = 15

// LinkPayload writes a token as the payload of a deep link.
func LinkPayload(kind record.LinkKind, token []byte) string {
	prefix := "e"
	if kind == record.LinkVillage {
		prefix = "v"
	}
	return prefix + base64.RawURLEncoding.EncodeToString(token)
}

// LinkHash is the key under which the link of a payload is stored; the token
// itself never is. ok is false where the payload is none of a link.
func (s *Store) LinkHash(payload string) (hash string, ok bool) {
	if len(payload) != 1+base64.RawURLEncoding.EncodedLen(TokenSize) || (payload[0] != 'e' && payload[0] != 'v') {
		return "", false
	}
	return hex.EncodeToString(mac(s.keys.link, payload)[:16]), true
}

// LinkHash is Store.LinkHash.
func (tx *Tx) LinkHash(payload string) (string, bool) { return tx.s.LinkHash(payload) }

// IssueEnrolLink stores a fresh enrolment link for a person and revokes an
// earlier one that is not used. token is TokenSize random bytes.
func (tx *Tx) IssueEnrolLink(id, by record.PersonID, token []byte, valid time.Duration) (payload string, err error) {
	key := "linkof/" + string(id)
	old, found, err := get[string](tx, key)
	if err != nil {
		return "", err
	}
	if found {
		if err := del(tx, "link/"+old); err != nil {
			return "", err
		}
	}
	payload, hash, err := tx.issue(record.Link{Kind: record.LinkEnrol, Person: id, By: by}, token, valid)
	if err != nil {
		return "", err
	}
	return payload, put(tx, key, hash)
}

// IssueVillageLink stores a link by which the graduates of a village register.
func (tx *Tx) IssueVillageLink(village record.Code, by record.PersonID, token []byte, valid time.Duration) (payload string, err error) {
	payload, _, err = tx.issue(record.Link{Kind: record.LinkVillage, Place: village, By: by}, token, valid)
	return payload, err
}

// linkChunk is how many links one transaction issues, a write each.
const linkChunk = 80

// IssueVillageLinks issues the links of all villages of a place of which somebody
// may issue them, in chunks. The tokens are those of an instant (see
// VillageToken): called again after it was cut off, the links are the same.
// progress, if any, is called after each chunk.
func (s *Store) IssueVillageLinks(ctx context.Context, place record.Code, by record.PersonID, at time.Time, valid time.Duration, progress func(done, of int)) (issued int, err error) {
	var villages []record.Place
	err = s.View(ctx, func(tx *Tx) (err error) {
		villages, err = tx.Villages(place)
		return err
	})
	if err != nil {
		return 0, err
	}
	done := 0
	for part := range slices.Chunk(villages, linkChunk) {
		n := 0
		err := s.Update(ctx, func(tx *Tx) (err error) {
			n, err = tx.issueVillageLinks(part, by, at, valid)
			return err
		})
		if err != nil {
			return issued, err
		}
		issued += n
		if done += len(part); progress != nil {
			progress(done, len(villages))
		}
	}
	return issued, nil
}

func (tx *Tx) issueVillageLinks(villages []record.Place, by record.PersonID, at time.Time, valid time.Duration) (issued int, err error) {
	actor, err := tx.Actor(by)
	if err != nil {
		return 0, err
	}
	for _, v := range villages {
		if may := record.Allow(actor, record.IssueVillageLink, record.Object{Place: v.Code}) == nil; !may {
			continue
		}
		if _, err := tx.IssueVillageLink(v.Code, by, tx.VillageToken(v.Code, at), valid); err != nil {
			return issued, err
		}
		issued++
	}
	return issued, nil
}

// VillageLink is the payload of the link that was issued to a village at an
// instant; ErrLink where there is none that can be used.
func (tx *Tx) VillageLink(village record.Code, at time.Time) (payload string, err error) {
	payload = LinkPayload(record.LinkVillage, tx.VillageToken(village, at))
	hash, _ := tx.LinkHash(payload)
	_, err = tx.UsableLink(hash)
	return payload, err
}

func (tx *Tx) issue(l record.Link, token []byte, valid time.Duration) (payload, hash string, err error) {
	if len(token) != TokenSize {
		return "", "", fmt.Errorf("storage: token of %d bytes", len(token))
	}
	l.Issued, l.Expires = tx.Now, tx.Now.Add(valid)
	payload = LinkPayload(l.Kind, token)
	hash, _ = tx.s.LinkHash(payload)
	return payload, hash, put(tx, "link/"+hash, l)
}

// UsableLink reads the link of a hash; ErrLink where it is unknown, used or
// expired: the three are not told apart.
func (tx *Tx) UsableLink(hash string) (record.Link, error) {
	l, found, err := get[record.Link](tx, "link/"+hash)
	if err != nil {
		return l, err
	}
	if !found || !l.UsedAt.IsZero() || !tx.Now.Before(l.Expires) {
		return record.Link{}, record.ErrLink
	}
	return l, nil
}

// UseLink marks a one-time link as used.
func (tx *Tx) UseLink(hash string) error {
	l, err := tx.UsableLink(hash)
	if err != nil {
		return err
	}
	l.UsedAt = tx.Now
	return put(tx, "link/"+hash, l)
}

// Claim reads the enrolment that is under way in a chat.
func (tx *Tx) Claim(chat int64) (record.Claim, bool, error) {
	return get[record.Claim](tx, claimKey(chat))
}

// PutClaim stores an enrolment that is under way, in the place of an earlier
// one of the chat, and flags the person's posts while it waits for an officer.
// One claim of a person waits at a time: a newer one, from another account,
// ends the older.
func (tx *Tx) PutClaim(c record.Claim) error {
	old, found, err := tx.Claim(c.Chat)
	if err != nil {
		return err
	}
	if found && (old.Person != c.Person || !c.Waiting) {
		if err := tx.settleClaim(old); err != nil {
			return err
		}
	}
	if c.Waiting {
		other, found, err := get[int64](tx, "claimof/"+string(c.Person))
		if err != nil {
			return err
		}
		if found && other != c.Chat {
			if err := del(tx, claimKey(other)); err != nil {
				return err
			}
		}
		if err := put(tx, "claimof/"+string(c.Person), c.Chat); err != nil {
			return err
		}
		if err := tx.flagClaim(c, true); err != nil {
			return err
		}
	}
	return put(tx, claimKey(c.Chat), c)
}

// DropClaim ends an enrolment that is under way.
func (tx *Tx) DropClaim(c record.Claim) error {
	if err := tx.settleClaim(c); err != nil {
		return err
	}
	return del(tx, claimKey(c.Chat))
}

// settleClaim takes away what says that a claim waits.
func (tx *Tx) settleClaim(c record.Claim) error {
	chat, found, err := get[int64](tx, "claimof/"+string(c.Person))
	if err != nil || !found || chat != c.Chat {
		return err
	}
	if err := tx.flagClaim(c, false); err != nil {
		return err
	}
	return del(tx, "claimof/"+string(c.Person))
}

// ClaimOf is the enrolment of a person that waits for an officer.
func (tx *Tx) ClaimOf(id record.PersonID) (record.Claim, bool, error) {
	chat, found, err := get[int64](tx, "claimof/"+string(id))
	if err != nil || !found {
		return record.Claim{}, false, err
	}
	return tx.Claim(chat)
}

func claimKey(chat int64) string { return fmt.Sprintf("claim/%d", chat) }

// flagClaim keeps the flag and the count of claims that wait. A person's
// claims from several chats count once: the flag is the person's.
func (tx *Tx) flagClaim(c record.Claim, on bool) error {
	actor, err := tx.Actor(c.Person)
	if err != nil {
		return err
	}
	for _, post := range actor.Posts {
		if err := tx.flagMismatch(post.Place, c.Person, on); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) flagMismatch(place record.Code, id record.PersonID, on bool) error {
	was, err := has(tx, flagKey(Mismatch, place, id))
	if err != nil || was == on {
		return err
	}
	by := -1
	if on {
		by = 1
	}
	if err := tx.bump(place, func(n *record.PlaceCount) { n.Mismatches += by }); err != nil {
		return err
	}
	return tx.setFlag(Mismatch, place, id, on)
}

// SamePhone says whether a normalised number is the one of the roster, in
// constant time.
func (tx *Tx) SamePhone(p record.Person, phone string) bool {
	return p.PhoneHash != "" && hmac.Equal([]byte(p.PhoneHash), []byte(tx.s.PhoneHash(phone)))
}
