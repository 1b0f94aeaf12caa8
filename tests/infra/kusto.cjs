// Reads [[where, query], ...] as JSON from standard input and writes [[where, fault], ...]: what Microsoft's own analyser
// of the query language says of each query, against the workspace's tables. Columns are those of Azure Monitor's table
// reference (AppMetrics, AppRequests, ...), as far as queries here use them or could.
const fs = require('fs');
require('@kusto/language-service-next/bridge.min');
require('@kusto/language-service-next/Kusto.Language.Bridge.min');

const language = Kusto.Language;
const ofEach =
  'TenantId:string, TimeGenerated:datetime, OperationName:string, OperationId:string, ParentId:string, ' +
  'SyntheticSource:string, SessionId:string, UserId:string, AppVersion:string, AppRoleName:string, ' +
  'AppRoleInstance:string, ClientIP:string, Properties:dynamic, IKey:string, SDKVersion:string, ItemCount:int, ' +
  '_BilledSize:real, _ResourceId:string, Type:string';
const ofCalls =
  'Id:string, Name:string, Success:bool, ResultCode:string, DurationMs:real, PerformanceBucket:string, Measurements:dynamic';
const tables = {
  _LogOperation: 'Operation:string, Level:string, Category:string, Detail:string',
  AppMetrics: 'Name:string, Namespace:string, Sum:real, Min:real, Max:real',
  AppRequests: `${ofCalls}, Url:string, Source:string`,
  AppDependencies: `${ofCalls}, Target:string, DependencyType:string, Data:string`,
  AppTraces: 'Message:string, SeverityLevel:int, Measurements:dynamic',
  AppExceptions:
    'ProblemId:string, ExceptionType:string, Assembly:string, Method:string, OuterType:string, OuterMessage:string, ' +
    'InnermostType:string, InnermostMessage:string, Message:string, Details:dynamic, SeverityLevel:int, HandledAt:string',
};
const symbols = Object.entries(tables).map(([name, columns]) =>
  language.Symbols.TableSymbol.From(`(${columns}, ${ofEach})`).WithName(name),
);
const workspace = language.GlobalState.Default.WithDatabase(new language.Symbols.DatabaseSymbol.$ctor1('workspace', symbols));

const faults = [];
for (const [where, query] of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  const found = language.KustoCode.ParseAndAnalyze(query, workspace).GetDiagnostics();
  for (let index = 0; index < found.Count; index++) {
    const fault = found.getItem(index);
    faults.push([where, `${fault.Message} At: ${query.slice(fault.Start, fault.Start + 40)}`]);
  }
}
process.stdout.write(JSON.stringify(faults));
