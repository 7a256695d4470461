// SPDX-License-Identifier: Apache-2.0
package io.sluice.sandbox.salesforce.bulk;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategies;
import java.io.OutputStream;
import java.io.Writer;

/** How a job's CSV is written, both ways: uploads and results. */
public record CsvFormat(Delimiter delimiter, LineEnding lineEnding) {

    /** What stands between two fields, by the name it has on the wire. */
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

    /** What ends a row, by the name it has on the wire. */
    public enum LineEnding {
        LF,
        CRLF
    }

    /** Writes rows the way Salesforce does, with every field in quotes; each row is flushed. */
    CsvWriter writer(Writer to) {
        return builder().bufferSize(0).build(to);
    }

    /** The same in UTF-8; what was written is all there once it is closed. */
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
