/** A report with as many results as asked, of an invented patient. The same numbers give the same bytes. */
export function oruMessage(results: number, patient: number, message: number): string {
  const day = String((patient % 27) + 1).padStart(2, '0');
  const time = `202601${day}0930`;
  const lines = [
    `MSH|^~\\&|BENCHLAB|BENCH|CB|CB|${time}00-0500||ORU^R01^ORU_R01|B${patient}-${message}|P|2.5.1`,
    `PID|1||${100000 + patient}^^^BENCH^MR||Example${patient % 997}^Pat^Q||19${String((patient % 80) + 10)}0${(patient % 9) + 1}${day}|${patient % 2 === 0 ? 'F' : 'M'}|||${patient} Elm Street^^Springfield^IL^62701||555-01${String(patient % 100).padStart(2, '0')}`,
    `PV1|1|O|CLINIC^1^A||||1234^Healer^Hanna|||||||||||V${patient}^^^BENCH^VN`,
    `ORC|RE|P${patient}-${message}|F${patient}-${message}`,
    `OBR|1|P${patient}-${message}^BENCH|F${patient}-${message}^BENCH|24323-8^Comprehensive metabolic panel^LN|||${time}00-0500|||||||||1234^Healer^Hanna||||||${time}30-0500||LAB|F`,
  ];
  for (let index = 1; index <= results; index += 1) {
    const value = ((patient * 7 + index * 13) % 900) / 10 + 1;
    lines.push(
      `OBX|${index}|NM|${2000 + index}-${index % 10}^Analyte ${index}^LN||${value.toFixed(1)}|mg/dL^^UCUM|10-90|${value > 90 ? 'H' : 'N'}|||F|||${time}00-0500||1234^Healer^Hanna`,
    );
  }
  return `${lines.join('\r')}\r`;
}
