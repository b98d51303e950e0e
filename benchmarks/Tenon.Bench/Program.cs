using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using Tenon.Bench;
using Tenon.Bench.Cases;

// ./bench [FILTER] [--json FILE]
BenchCase[] all = [.. CloudControllerCases.All, .. NetworkCases.All, .. NodeCases.All, .. PathCases.All];
string? filter = null;
string? json = null;
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--json" when i + 1 < args.Length:
            json = args[++i];
            break;
        case "-h" or "--help":
            Console.WriteLine("Usage: ./bench [FILTER] [--json FILE]\n\nCases:");
            foreach (BenchCase known in all) Console.WriteLine($"  {known.Name}");
            return 0;
        case ['-', ..]:
            Console.Error.WriteLine($"error: unknown option {args[i]}. Usage: ./bench [FILTER] [--json FILE]");
            return 2;
        default:
            filter = args[i];
            break;
    }
}

BenchCase[] chosen = [.. all.Where(c => filter is null || c.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
if (chosen.Length == 0)
{
    Console.Error.WriteLine($"error: no case's name contains \"{filter}\". The cases are: {string.Join(", ", all.Select(c => c.Name))}");
    return 2;
}

string binary = Environment.GetEnvironmentVariable("TENON_BINARY") ?? Path.Combine(AppContext.BaseDirectory, "tenon");
var context = new BenchContext(binary, Console.Error.WriteLine);
using var stop = new CancellationTokenSource();

// A case that is ended takes its controller with it, whoever ends it.
void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End), terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End), left = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);

var results = new List<CaseResult>();
var skipped = new List<(string Case, string Why)>();
foreach (BenchCase one in chosen)
{
    context.Say($"measuring {one.Name} ...");
    try
    {
        results.Add(await one.RunAsync(context, stop.Token));
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        context.Say($"ended in the middle of {one.Name}");
        return 130;
    }
    catch (CaseSkippedException e)
    {
        skipped.Add((one.Name, e.Message));
    }
    catch (Exception e) when (e is TimeoutException or InvalidOperationException or ShouldAssertException)
    {
        context.Say($"error: {one.Name}: {e.Message}");
        results.Add(new CaseResult(one.Name, [new Figure("completed", 1, "", 0)]));
    }
}

IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect, Out = new AnsiConsoleOutput(Console.Out) });
if (Console.IsOutputRedirected) console.Profile.Width = 200;
var table = new Table { Border = TableBorder.None };
foreach (string heading in new[] { "CASE", "FIGURE", "VALUE", "BUDGET", "VERDICT" }) table.AddColumn(new TableColumn(heading).PadLeft(0).PadRight(3).NoWrap());
foreach (CaseResult result in results)
{
    string name = result.Case;
    foreach (Figure figure in result.Figures)
    {
        table.AddRow(
            new Text(name), new Text(figure.Name), new Text($"{figure.Value:0.##} {figure.Unit}".TrimEnd()),
            new Text(figure.Limit is { } limit ? $"<= {limit:0.##}" : ""),
            figure.Limit is null ? new Text("") : figure.Ok ? new Text("ok", new Style(Color.Green)) : new Text("OVER", new Style(Color.Red)));
        name = "";
    }
}

foreach ((string name, string why) in skipped) table.AddRow(new Text(name), new Text("skipped"), new Text(""), new Text(""), new Text(why));
console.Write(table);
if (json is not null)
{
    await File.WriteAllLinesAsync(json, results.Select(r => new JsonObject
    {
        ["case"] = r.Case,
        ["figures"] = new JsonObject(r.Figures.Select(f => KeyValuePair.Create<string, JsonNode?>(f.Name, Math.Round(f.Value, 3)))),
        ["budget"] = new JsonObject(r.Figures.Where(f => f.Limit is not null).Select(f => KeyValuePair.Create<string, JsonNode?>(f.Name, f.Limit))),
        ["ok"] = r.Ok,
    }.ToJsonString(JsonSerializerOptions.Default)));
}

return results.All(r => r.Ok) ? 0 : 1;
