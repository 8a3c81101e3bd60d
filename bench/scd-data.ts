/** A number of companies goes in; SQL that makes them comes out: ids, names and domains as different from each other as real ones. */

const words = (text: string): string =>
  `[${text
    .split(' ')
    .map((word) => `'${word}'`)
    .join(', ')}]`;
const FIRST = words(
  'Alpine Amber Apex Atlas Aurora Beacon Birch Blue Bright Canyon Cedar Clear Cobalt Copper Coral Crest Delta Eagle Echo Ember Falcon Fern Forge Frost Granite Harbor Hazel Horizon Indigo Iron Juniper Lumen Maple Meridian Mesa Nimbus North Oak Onyx Orchid Pacific Pine Pioneer Polar Quartz Raven Redwood Ridge River Sable Sierra Silver Solar Spruce Sterling Summit Terra Timber Valley Vista Willow Winter Zenith Zephyr',
);
const SECOND = words(
  'Analytics Architects Automotive Bakery Bank Biotech Brewing Capital Cargo Cement Clinic Cloud Coffee Consulting Dairy Dental Design Devices Energy Engineering Farms Fitness Foods Foundry Freight Gaming Garden Glass Health Hotels Insurance Interiors Labs Law Lighting Logistics Machines Marine Media Metals Mining Mobility Motors Networks Optics Packaging Paper Partners Pharma Plastics Press Printing Property Retail Robotics Security Shipping Software Solar Studios Systems Telecom Textiles Tools Travel',
);
const LEGAL = words('Inc LLC GmbH Ltd AG SA BV Corp');
const INDUSTRY = words('Software Retail Finance Health Energy Logistics Media Manufacturing Education Legal');

/** Columns of AVESA's companies beside the tenant, as declared in schemas/companies.yaml. */
export const COLUMNS =
  'company_id, name, domain, industry, size_category, status, number_of_employees, annual_revenue, created_at, updated_at, is_active';

export const TYPES = `company_id String, name String, domain String, industry LowCardinality(String), size_category LowCardinality(String),
  status LowCardinality(String), number_of_employees Nullable(UInt32), annual_revenue Nullable(Decimal(18, 2)), created_at DateTime64(3),
  updated_at DateTime64(3), is_active Bool`;

/** What \`number\` is at its \`version\`, from which its status, staff and revenue follow; \`updated_at\` is SQL. */
export function companies(tenant: string, version: number, updatedAt: string): string {
  const random = (salt: string): string => `cityHash64(number, '${tenant}', '${salt}')`;
  const changing = (salt: string): string => `cityHash64(number, '${tenant}', '${salt}', ${version})`;
  const pick = (from: string, salt: string): string => `${from}[1 + ${random(salt)} % length(${from})]`;
  const number = `toString(${random('digits')} % 9000 + 1000)`;
  return `
SELECT lower(hex(sipHash64(number, '${tenant}'))) AS company_id,
  concat(${pick(FIRST, 'first')}, ' ', ${pick(SECOND, 'second')}, ' ', ${number}, ' ', ${pick(LEGAL, 'legal')}) AS name,
  concat(lower(${pick(FIRST, 'first')}), '-', lower(${pick(SECOND, 'second')}), ${number}, ${pick(words('.com .net .io .de .co.uk'), 'top')}) AS domain,
  ${pick(INDUSTRY, 'industry')} AS industry, ${pick(words('Small Medium Large Enterprise'), 'size')} AS size_category,
  ['Active', 'Prospect', 'Inactive', 'Churned'][1 + ${changing('status')} % 4] AS status,
  if(${random('staff')} % 7 = 0, NULL, toUInt32(${changing('staff')} % 5000)) AS number_of_employees,
  if(${random('revenue')} % 5 = 0, NULL, toDecimal64((${changing('revenue')} % 5000000000) / 100, 2)) AS annual_revenue,
  toDateTime64('2020-01-01 00:00:00', 3) + toIntervalMillisecond(${random('created')} % 150000000000) AS created_at,
  ${updatedAt} AS updated_at, ${random('active')} % 20 != 0 AS is_active`;
}
