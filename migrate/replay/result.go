package replay

import (
	"chatbridge/migrate"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/sidecar"
)

// Summary is what a migration did.
type Summary struct {
	SchemaVersion int                          `json:"schema_version"`
	Command       string                       `json:"command"`
	Status        string                       `json:"status"`
	Services      []migrate.SummaryService     `json:"services"`
	Counts        map[string]migrate.KindCount `json:"counts"`
	Requests      migrate.Traffic              `json:"requests"`
	Findings      []migrate.FindingCount       `json:"findings"`
	Failures      []migrate.FailureLine        `json:"failures"`
	Originals     *sidecar.Kept                `json:"originals,omitempty"` // nil where nothing was kept
	Timeline      []pace.Point                 `json:"timeline"`            // 241 points at most
	LaneTimes     pace.LaneTimes               `json:"lane_times"`
	Duration      float64                      `json:"duration_seconds"`
}
