package storage

import (
	"testing"
	"time"

	"headgoose/storage/record"
)

func graduateRow(row int, name string) record.GraduateRow {
	return record.GraduateRow{
		Row: row, Code: gradVillages[0], Name: name, BirthYear: 2001, Education: record.Bachelor, School: "青海大学",
		Graduation: "2024-07", Employment: record.Seeking, Willingness: record.Willing,
		Consent: record.SheetYes, ConsentDate: "2026-03-01",
	}
}

// importer is a county officer who imports.
func importer(t *testing.T, s *Store) GraduateImporter {
	by := GraduateImporter{County: record.Place{Code: "630224", Name: "地630224"}, Zone: time.UTC}
	gradDo(t, s, func(tx *Tx) (err error) {
		if by.By, err = tx.AddPerson(record.Person{Name: "县级管理员 001"}, ""); err != nil {
			return err
		}
		return tx.Appoint(by.By, record.CountyOfficer, "630224", "2021")
	})
	return by
}

func planOfRows(t *testing.T, s *Store, by GraduateImporter, rows ...record.GraduateRow) *GraduateImport {
	t.Helper()
	plan, err := s.PlanGraduates(t.Context(), by, rows)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestGraduateImportIsRepeatable(t *testing.T) {
	s := gradStore(t)
	by := importer(t, s)
	var rows []record.GraduateRow
	for i := range 40 {
		rows = append(rows, graduateRow(i+2, "毕业生 "+string(rune('甲'+i))))
	}
	plan := planOfRows(t, s, by, rows...)
	if added, changed := plan.Count(); added != 40 || changed != 0 || len(plan.Faults) != 0 {
		t.Fatalf("%d new, %d changed, %v", added, changed, plan.Faults)
	}
	cut := *plan
	cut.Changes = plan.Changes[:7] // as far as an import came before a restart
	for i, p := range []*GraduateImport{&cut, plan, plan} {
		r, err := s.ApplyGraduates(t.Context(), p, nil)
		if want := []int{7, 33, 0}[i]; err != nil || r.Applied != want || len(r.Faults) != 0 {
			t.Fatalf("run %d wrote %d rows: %v %v", i, r.Applied, r.Faults, err)
		}
	}
	if again := planOfRows(t, s, by, rows...); len(again.Changes) != 0 || again.Unchanged != 40 {
		t.Errorf("a second upload changes %d rows", len(again.Changes))
	}
	rows[0].Employment, rows[0].Phone = record.Employed, "13900000201"
	plan = planOfRows(t, s, by, rows...)
	if _, changed := plan.Count(); changed != 1 || len(plan.Changes[0].Fields) != 2 {
		t.Fatalf("changes: %+v", plan.Changes)
	}
	if r, err := s.ApplyGraduates(t.Context(), plan, nil); err != nil || r.Applied != 1 {
		t.Fatal(r, err)
	}
	gradDo(t, s, func(tx *Tx) error {
		n, err := tx.Count(gradVillages[0])
		if n.Graduates.All != 40 || n.Graduates.Employment[record.Employed] != 1 {
			t.Errorf("counts: %+v", n.Graduates)
		}
		return err
	})
	if found, err := s.Check(t.Context()); err != nil || len(found) > 0 {
		t.Error(found, err)
	}
}

func TestGraduateImportRefuses(t *testing.T) {
	s := gradStore(t)
	by := importer(t, s)
	for want, change := range map[record.FaultKind]func(*record.GraduateRow){
		record.FaultConsent:      func(r *record.GraduateRow) { r.Consent = "" },
		record.FaultConsentNo:    func(r *record.GraduateRow) { r.Consent = record.SheetNo },
		record.FaultConsentOld:   func(r *record.GraduateRow) { r.ConsentDate = "2020-01-01" },
		record.FaultMissing:      func(r *record.GraduateRow) { r.Willingness = "" },
		record.FaultMonth:        func(r *record.GraduateRow) { r.Graduation = "2024" },
		record.FaultGraduation:   func(r *record.GraduateRow) { r.Graduation = "2005-07" },
		record.FaultLevel:        func(r *record.GraduateRow) { r.Education = record.SeniorHigh },
		record.FaultYearBounds:   func(r *record.GraduateRow) { r.BirthYear = 1930 },
		record.FaultUnknownPlace: func(r *record.GraduateRow) { r.Code, r.Village = "", "无此村" },
	} {
		row := graduateRow(2, "毕业生 001")
		change(&row)
		plan := planOfRows(t, s, by, row)
		if len(plan.Changes) != 0 || len(plan.Faults) != 1 || plan.Faults[0].Kind != want {
			t.Errorf("%s: %d changes, %v", want, len(plan.Changes), plan.Faults)
		}
	}
	plan := planOfRows(t, s, by, graduateRow(2, "毕业生 001"), graduateRow(3, "毕业生 001"))
	if len(plan.Changes) != 1 || len(plan.Faults) != 1 || plan.Faults[0].Kind != record.FaultRepeated {
		t.Errorf("a repeated row: %v", plan.Faults)
	}
	nobody := by
	nobody.By = "p9"
	if plan := planOfRows(t, s, nobody, graduateRow(2, "毕业生 001")); len(plan.Changes) != 0 {
		t.Error("somebody without a post imports")
	}
}
