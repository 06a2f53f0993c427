/* Runs as event files of TensorBoard. */
#ifndef INVAR_REPORT_EVENTS_H
#define INVAR_REPORT_EVENTS_H
#include "report/run.h"

/* Writes FOLDER/NAME/PART/events.out.tfevents.0.invar for each run and its parts, train, val and
 * test.  A scalar's tag is "epoch/KEY" or "step/KEY", its step the number of the epoch or step,
 * its wall time the seconds that the log says training had taken by then.  The same logs give the
 * same bytes.  False after an error: two runs of one name, or files that cannot be written.
 *
 * Of a file: records as in TensorFlow's record_writer.h (length, masked CRC-32C, bytes, masked
 * CRC-32C), each an Event of its event.proto. */
bool events_write(struct arena *, struct inv_errors *, const struct run *, int count,
                  const char *folder);

#endif
