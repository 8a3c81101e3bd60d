/** What the analytics routes ask. No tenant stands in any query: the server shows each user its own rows. */
import { tenantQuery } from 'plumbline/tenant';

export const companyAnalytics = tenantQuery(
  `SELECT count() AS total_companies, countIf(status = 'Active') AS active_companies,
     avgOrNull(number_of_employees) AS avg_employees, sum(annual_revenue) AS total_revenue
   FROM companies_current
   WHERE effective_date >= {from:DateTime64(3)} AND effective_date <= {to:DateTime64(3)}`,
  {
    total_companies: 'number',
    active_companies: 'number',
    avg_employees: 'number?',
    total_revenue: 'text?',
  },
);

export const ticketTrends = tenantQuery(
  `SELECT toDate(created_date) AS date, count() AS ticket_count, countIf(status = 'Closed') AS closed_count,
     avgOrNull(actual_hours) AS avg_hours
   FROM tickets_current
   WHERE created_date >= now() - toIntervalDay({days:UInt16})
   GROUP BY date ORDER BY date`,
  { date: 'text', ticket_count: 'number', closed_count: 'number', avg_hours: 'number?' },
);
