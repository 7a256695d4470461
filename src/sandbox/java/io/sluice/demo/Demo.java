// SPDX-License-Identifier: Apache-2.0
package io.sluice.demo;

import io.sluice.store.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates the tables that the demo syncs: 1,000 customers and 300 deals, the same at each start. */
public final class Demo {

    private static final Logger LOG = LoggerFactory.getLogger(Demo.class);

    private static final String TABLES =
            """
            create table public.customer (
                customer_no text primary key,
                first_name  text,
                last_name   text not null,
                email       text,
                phone       text,
                city        text,
                tier        text not null check (tier in ('gold', 'silver', 'bronze')),
                birthdate   date,
                newsletter  boolean not null default false,
                notes       text,
                updated_at  timestamptz not null default now()
            );
            create table public.deal (
                deal_no       text primary key,
                customer_no   text not null references public.customer,
                title         text not null,
                amount        numeric(12, 2) not null,
                stage         text not null,
                hubspot_stage text,
                close_date    date not null,
                updated_at    timestamptz not null default now()
            );
            create index on public.deal (customer_no);
            """;

    /**
     * Each CRM has stages of its own: a new org's opportunity and a new portal's deal. A trigger keeps a deal's two
     * stages matched, whichever side changes one.
     */
    private static final String STAGES =
            """
            create table public.deal_stage (
                stage         text primary key,
                hubspot_stage text not null,
                place         int not null
            );
            insert into public.deal_stage (place, stage, hubspot_stage) values
                (1,  'Prospecting',          'appointmentscheduled'),
                (2,  'Qualification',        'qualifiedtobuy'),
                (3,  'Needs Analysis',       'qualifiedtobuy'),
                (4,  'Value Proposition',    'presentationscheduled'),
                (5,  'Id. Decision Makers',  'decisionmakerboughtin'),
                (6,  'Perception Analysis',  'decisionmakerboughtin'),
                (7,  'Proposal/Price Quote', 'contractsent'),
                (8,  'Negotiation/Review',   'contractsent'),
                (9,  'Closed Won',           'closedwon'),
                (10, 'Closed Lost',          'closedlost');
            create function public.match_deal_stages() returns trigger language plpgsql as $$
            begin
                if new.stage is distinct from old.stage then
                    new.hubspot_stage := coalesce(
                        (select hubspot_stage from public.deal_stage where stage = new.stage), new.hubspot_stage);
                elsif new.hubspot_stage is distinct from old.hubspot_stage then
                    new.stage := coalesce(
                        (select stage from public.deal_stage where hubspot_stage = new.hubspot_stage
                         order by place limit 1), new.stage);
                end if;
                return new;
            end $$;
            create trigger match_deal_stages before insert or update on public.deal
                for each row execute function public.match_deal_stages();
            """;

    private static final String CUSTOMERS =
            """
            insert into public.customer
                (customer_no, first_name, last_name, email, phone, city, tier, birthdate, newsletter)
            select 'C-' || lpad(n::text, 5, '0'), first, last,
                   regexp_replace(lower(first || '.' || last), '[^a-z.]', '', 'g') || n || '@example.org',
                   '+49 30 ' || (1000000 + n * 7919 % 9000000), city,
                   case when n % 20 = 0 then 'gold' when n % 4 = 0 then 'silver' else 'bronze' end,
                   date '1950-01-01' + (n * 37 % 20000), n % 3 = 0
            from (select n,
                    (array['Anna','Ben','Chloé','David','Élodie','Farid','Grace','Hugo','Ines','Jürgen','Katja','Lars',
                           'María','Noah','Olga','Pål','Quinn','Rosa','Søren','Tomás','Ute','Víctor','Wanda','Xenia',
                           'Yusuf','Zoë'])[1 + n * 11 % 26] as first,
                    (array['Andersson','Becker','Costa','Dubois','Eriksen','Fischer','García','Hoffmann','Ivanov',
                           'Jensen','Kovač','Lindqvist','Müller','Novák','O''Brien','Peña','Quist','Rossi','Schäfer',
                           'Tremblay','Urban','Van Dyke','Weiß','Xu','Yılmaz','Zieliński'])[1 + n * 7 % 26] as last,
                    (array['Berlin','Paris','Madrid','Oslo','Wien','Zürich','Kraków','Lisboa','København',
                           'Praha'])[1 + n * 3 % 10] as city
                  from generate_series(1, 1000) as n) as people""";

    private static final String DEALS =
            """
            insert into public.deal (deal_no, customer_no, title, amount, stage, close_date)
            select 'D-' || lpad(n::text, 4, '0'), 'C-' || lpad((1 + n * 13 % 1000)::text, 5, '0'),
                   (array['Pumps','Turbines','Sensors','Valves','Service contract','Spare parts'])[1 + n % 6]
                       || ' for ' || (array['plant','harbour','brewery','waterworks','lab'])[1 + n % 5] || ' ' || n,
                   500 + n * 1237 % 90000 + 0.5,
                   (array['Prospecting','Qualification','Value Proposition','Id. Decision Makers',
                          'Closed Won','Closed Lost'])[1 + n % 6],
                   current_date + (n * 17 % 120 - 30)
            from generate_series(1, 300) as n""";

    private Demo() {}

    /** Creates and fills the tables, unless a table customer exists already: then it belongs to somebody. */
    public static void fill(Database database) throws SQLException {
        boolean made = database.transaction(connection -> {
            boolean there = Database.query(
                            connection, "select to_regclass('public.customer') is not null", row -> row.getBoolean(1))
                    .get(0);
            if (!there) {
                execute(connection, TABLES, STAGES, CUSTOMERS, DEALS, "analyze public.customer", "analyze public.deal");
            }
            return !there;
        });
        if (made) {
            LOG.info("The demo's tables are made: 1,000 rows in customer, 300 in deal.");
        }
    }

    private static void execute(Connection connection, String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
