// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategies;
import java.io.OutputStream;
import java.io.Writer;

/** Describes a job's CSV, in uploads and results. */
public record CsvFormat(Delimiter delimiter, LineEnding lineEnding) {

    /** Separator of fields, by its wire name. */
    public enum Delimiter {
        BACKQUOTE('`'),
        CARET('^'),
        COMMA(','),
        PIPE('|'),
        SEMICOLON(';'),
        TAB('\t');

        private final char character;

        Delimiter(char character) {
            this.character = character;
        }

        char character() {
            return character;
        }
    }

    /** End of a row, by its wire name. */
    public enum LineEnding {
        LF,
        CRLF
    }

    /** Writes rows as Salesforce does, with every field in quotes; each row is flushed. */
    CsvWriter writer(Writer to) {
        return builder().bufferSize(0).build(to);
    }

    /** Writes rows in UTF-8; all of them are written once the writer is closed. */
    CsvWriter writer(OutputStream to) {
        return builder().build(to);
    }

    private CsvWriter.CsvWriterBuilder builder() {
        return CsvWriter.builder()
                .fieldSeparator(delimiter.character())
                .quoteStrategy(QuoteStrategies.ALWAYS)
                .lineDelimiter(lineEnding == LineEnding.LF ? LineDelimiter.LF : LineDelimiter.CRLF);
    }
}
