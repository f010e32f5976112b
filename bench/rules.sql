-- The rules of docs/rules.md with their default numbers, by hand, for DuckDB: the limit that `refine` is measured
-- against. `memberships` and `orders` are the canonical columns of `goldpan.conform.Export.frame`; $as_of is the
-- business date. Statements end with a semicolon at the end of a line.

-- Orders that stand again with all columns equal: the first counts.
CREATE OR REPLACE TEMP TABLE repeated AS
WITH twice AS (
    SELECT order_id_key FROM orders WHERE order_id_key IS NOT NULL GROUP BY order_id_key HAVING count(*) > 1
), compared AS (
    SELECT source_row, customer_id_key, total_value_micros, min(source_row) OVER (
        PARTITION BY customer_id_key, total_value_micros, order_id_key, ordered_on, customer_name, other_columns
    ) AS repeats_row
    FROM orders SEMI JOIN twice USING (order_id_key)
)
SELECT * FROM compared WHERE source_row > repeats_row;

-- What each customer bought; what stands again is taken off the sums of all.
CREATE OR REPLACE TEMP TABLE totals AS
WITH every AS (
    SELECT customer_id_key, count(*) AS orders, coalesce(sum(total_value_micros), 0) AS value,
        min(source_row) AS first_row, min(CASE WHEN customer_name IS NOT NULL THEN source_row END) AS named_row
    FROM orders GROUP BY customer_id_key
), again AS (
    SELECT customer_id_key, count(*) AS orders, coalesce(sum(total_value_micros), 0) AS value
    FROM repeated GROUP BY customer_id_key
)
SELECT every.customer_id_key, every.orders - coalesce(again.orders, 0) AS orders,
    (every.value - coalesce(again.value, 0))::BIGINT AS total_order_value_micros, first_row, named_row
FROM every LEFT JOIN again ON every.customer_id_key IS NOT DISTINCT FROM again.customer_id_key;

-- Who bought without a membership, and how those who are listed are called.
CREATE OR REPLACE TEMP TABLE prospects AS
SELECT * FROM totals ANTI JOIN (SELECT customer_id_key FROM memberships) USING (customer_id_key);

CREATE OR REPLACE TEMP TABLE listed_prospects AS
WITH listed AS (
    SELECT * FROM prospects
    ORDER BY customer_id_key IS NULL, total_order_value_micros DESC, customer_id_key LIMIT $listed
), first AS (
    SELECT source_row, customer_id, customer_name
    FROM orders WHERE source_row IN (SELECT first_row FROM listed UNION ALL SELECT named_row FROM listed)
)
SELECT ids.customer_id, names.customer_name, orders, total_order_value_micros, customer_id_key
FROM listed
LEFT JOIN first AS ids ON ids.source_row = first_row
LEFT JOIN first AS names ON names.source_row = named_row;

-- Who is the same customer.
CREATE OR REPLACE TEMP TABLE named AS
SELECT memberships.*, CASE
        WHEN customer_id_key IS NOT NULL THEN 'id ' || customer_id_key
        WHEN email IS NOT NULL AND customer_name_key IS NOT NULL THEN 'both ' || email || ' ' || customer_name_key
        WHEN email IS NOT NULL THEN 'email ' || email
        WHEN customer_name_key IS NOT NULL THEN 'name ' || customer_name_key
        ELSE 'row ' || source_row
    END AS customer,
    coalesce(total_order_value_micros, 0) AS total_order_value_micros
FROM memberships LEFT JOIN totals USING (customer_id_key);

-- Chains of renewals, which only customers with several rows can have.
CREATE OR REPLACE TEMP TABLE chains AS
WITH datable AS (
    SELECT source_row, customer, created_on, expires_on, start_on,
        customer_name IS NOT NULL AS has_name, original_purchase IS NOT NULL AS has_purchase,
        email IS NOT NULL AS has_email
    FROM named WHERE created_on IS NOT NULL AND expires_on IS NOT NULL
), several AS (
    SELECT datable.* FROM datable
    SEMI JOIN (SELECT customer FROM datable GROUP BY customer HAVING count(*) > 1) USING (customer)
), covered AS (
    SELECT *, max(expires_on) OVER (
        PARTITION BY customer ORDER BY created_on, expires_on, source_row
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS covered_until
    FROM several
), numbered AS (
    SELECT *, count(*) FILTER (covered_until IS NULL OR created_on > covered_until + INTERVAL 7 DAY) OVER (
        PARTITION BY customer ORDER BY created_on, expires_on, source_row ROWS UNBOUNDED PRECEDING
    ) AS chain
    FROM covered
), ranked AS (
    SELECT *, row_number() OVER in_order AS position, row_number() OVER by_end AS end_position,
        count(*) OVER whole AS size, min(start_on) OVER whole AS member_since
    FROM numbered
    WINDOW
        in_order AS (PARTITION BY customer, chain ORDER BY created_on, expires_on, source_row),
        by_end AS (PARTITION BY customer, chain ORDER BY expires_on, created_on, source_row),
        whole AS (PARTITION BY customer, chain)
)
SELECT * FROM ranked WHERE size > 1;

CREATE OR REPLACE TEMP TABLE kept AS
SELECT customer, chain, any_value(size) - 1 AS renewals, any_value(member_since) AS member_since,
    arg_max(source_row, end_position) AS kept_row,
    arg_max(source_row, position) FILTER (has_name) AS name_row,
    arg_max(source_row, position) FILTER (has_purchase) AS purchase_row,
    arg_max(source_row, position) FILTER (has_email) AS email_row
FROM chains GROUP BY customer, chain;

CREATE OR REPLACE TEMP TABLE linked AS
SELECT named.* EXCLUDE (customer_name, original_purchase, email),
    coalesce(named.customer_name, names.customer_name) AS customer_name,
    coalesce(named.original_purchase, purchases.original_purchase) AS original_purchase,
    coalesce(named.email, emails.email) AS email,
    CASE WHEN kept.kept_row <> named.source_row THEN kept.kept_row END AS replaced_by,
    coalesce(kept.member_since, named.start_on) AS member_since,
    coalesce(kept.renewals, 0) AS renewals,
    CASE WHEN named.email IS NULL THEN emails.source_row END AS email_from_row
FROM named
LEFT JOIN chains ON chains.source_row = named.source_row
LEFT JOIN kept ON kept.customer = chains.customer AND kept.chain = chains.chain
LEFT JOIN named AS names ON names.source_row = kept.name_row AND kept.kept_row = named.source_row
LEFT JOIN named AS purchases ON purchases.source_row = kept.purchase_row AND kept.kept_row = named.source_row
LEFT JOIN named AS emails ON emails.source_row = kept.email_row AND kept.kept_row = named.source_row;

-- Which contact each row that stays belongs to.
CREATE OR REPLACE TEMP TABLE stays AS
WITH kept_rows AS (
    SELECT * FROM linked WHERE replaced_by IS NULL
), lacking AS (
    SELECT DISTINCT customer FROM kept_rows WHERE email IS NULL
), addresses AS (
    SELECT customer, arg_max(email, (
        coalesce(expires_on, '1900-01-01'), coalesce(created_on, '1900-01-01'), source_row
    )) AS customer_email
    FROM kept_rows SEMI JOIN lacking USING (customer) WHERE email IS NOT NULL GROUP BY customer
)
SELECT kept_rows.*, coalesce(email, customer_email, customer) AS contact_key
FROM kept_rows LEFT JOIN addresses USING (customer);

-- What each contact's customers bought: every customer id once.
CREATE OR REPLACE TEMP TABLE bought AS
WITH ids AS (
    SELECT DISTINCT contact_key, linked.customer_id_key, linked.total_order_value_micros
    FROM linked JOIN stays ON stays.source_row = coalesce(linked.replaced_by, linked.source_row)
    WHERE linked.customer_id_key IS NOT NULL
)
SELECT contact_key, sum(total_order_value_micros)::BIGINT AS total_order_value_micros, count(*) AS customer_ids
FROM ids GROUP BY contact_key;

-- The membership that counts, and what only the next rows know.
CREATE OR REPLACE TEMP TABLE contacts AS
WITH ranked AS (
    SELECT *, (
        coalesce(member_since <= $as_of AND expires_on > $as_of, false),
        coalesce(expires_on, '1900-01-01'), coalesce(created_on, '1900-01-01'), source_row
    ) AS rank
    FROM stays
), best AS (
    SELECT contact_key, arg_max(source_row, rank) AS source_row,
        arg_max(customer_name, rank) FILTER (customer_name IS NOT NULL) AS customer_name,
        arg_max(original_purchase, rank) FILTER (original_purchase IS NOT NULL) AS original_purchase
    FROM ranked GROUP BY contact_key
), united AS (
    SELECT stays.* EXCLUDE (customer_name, original_purchase, email, total_order_value_micros),
        best.customer_name, best.original_purchase,
        CASE WHEN stays.contact_key <> customer THEN stays.contact_key END AS email,
        coalesce(bought.total_order_value_micros, 0) AS total_order_value_micros,
        coalesce(customer_ids, 0) AS customer_ids,
        date_diff('day', $as_of, expires_on) AS days_until_expiration,
        date_diff('day', start_on, $as_of) AS days_since_start
    FROM stays JOIN best USING (source_row) LEFT JOIN bought ON bought.contact_key = stays.contact_key
), tagged AS (
    SELECT *,
        CASE
            WHEN days_until_expiration IS NULL THEN 'unknown' WHEN days_until_expiration < 0 THEN 'expired'
            WHEN days_until_expiration <= 30 THEN 'expiring_soon' ELSE 'active'
        END AS membership_category,
        total_order_value_micros > 1000000000 AS "tag:high_value_customer",
        original_purchase IS NOT NULL AS "tag:hfo_buy",
        coalesce(member_since <= $as_of AND expires_on > $as_of, false) AS "tag:active_membership",
        coalesce(days_until_expiration BETWEEN 0 AND 30, false) AS "tag:expiring_soon",
        coalesce(days_since_start BETWEEN 0 AND 30, false) AS "tag:recently_renewed",
        round(total_order_value_micros::DECIMAL(22, 0) * 0.000001::DECIMAL(7, 6), 2) AS total_order_value,
        round(total_order_value_micros::DECIMAL(22, 0) * 0.00000008::DECIMAL(9, 8), 2) AS estimated_savings
    FROM united
)
SELECT *,
    concat_ws(';',
        CASE WHEN "tag:high_value_customer" THEN 'high_value_customer' ELSE 'not_high_value_customer' END,
        CASE WHEN "tag:hfo_buy" THEN 'hfo_buy' ELSE 'not_hfo_buy' END,
        CASE WHEN "tag:active_membership" THEN 'active_membership' ELSE 'not_active_membership' END,
        CASE WHEN "tag:expiring_soon" THEN 'expiring_soon' ELSE 'not_expiring_soon' END,
        CASE WHEN "tag:recently_renewed" THEN 'recently_renewed' ELSE 'not_recently_renewed' END
    ) AS membership_status_tags
FROM tagged;

-- Contacts of several customers, with the ids as their first rows write them.
CREATE OR REPLACE TEMP TABLE shared AS
WITH ids AS (
    SELECT stays.contact_key, linked.customer_id_key, min(linked.source_row) AS source_row,
        arg_min(linked.customer_id, linked.source_row) AS customer_id
    FROM linked JOIN stays ON stays.source_row = coalesce(linked.replaced_by, linked.source_row)
    WHERE linked.customer_id_key IS NOT NULL
        AND stays.contact_key IN (SELECT contact_key FROM contacts WHERE customer_ids > 1)
    GROUP BY stays.contact_key, linked.customer_id_key
)
SELECT contact_key, string_agg(customer_id, '; ' ORDER BY source_row) AS customer_id_list,
    list(customer_id_key ORDER BY source_row) AS customer_keys
FROM ids GROUP BY contact_key;
