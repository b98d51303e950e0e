using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using Tenon.Core;

namespace Tenon.CommandLine;

/// <summary>How results are printed.</summary>
internal enum OutputFormat
{
    /// <summary>Tables for people.</summary>
    Table,

    /// <summary>One JSON document for programs.</summary>
    Json,
}

/// <summary>
/// The two streams of a command: results on standard output, everything else on standard error. Colours and live
/// progress only on a terminal; elsewhere tables keep one line a row, whatever their width.
/// </summary>
internal sealed class Output
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Opens the process's streams.</summary>
    public Output(OutputFormat format)
    {
        Format = format;
        Results = Open(Console.Out, Console.IsOutputRedirected);
        Messages = Open(Console.Error, Console.IsErrorRedirected);
        Interactive = !Console.IsErrorRedirected;
    }

    /// <summary>The option every command has.</summary>
    public static Option<OutputFormat> FormatOption { get; } = new("--output", "-o")
    {
        Description = "How results are printed: as a table, unless it says json.",
        HelpName = "table|json",
        Recursive = true,
    };

    /// <summary>The chosen format.</summary>
    public OutputFormat Format { get; }

    /// <summary>Standard output.</summary>
    public IAnsiConsole Results { get; }

    /// <summary>Standard error.</summary>
    public IAnsiConsole Messages { get; }

    /// <summary>Whether somebody watches: progress may move.</summary>
    public bool Interactive { get; }

    /// <summary>Prints the document in JSON format, or lets <paramref name="tables"/> print for people.</summary>
    public void Print(JsonNode document, Action<IAnsiConsole> tables)
    {
        if (Format == OutputFormat.Json) Console.Out.WriteLine(document.ToJsonString(Indented));
        else tables(Results);
    }

    /// <summary>A line for people, on standard error.</summary>
    public void Say(string text) => Messages.WriteLine(text);

    /// <summary>An error line, on standard error.</summary>
    public void Error(string text) => Messages.MarkupLineInterpolated($"[red]error:[/] {text}");

    /// <summary>A problem, on standard error.</summary>
    public void Report(Problem problem)
    {
        if (problem.Severity == ProblemSeverity.Error) Messages.MarkupLineInterpolated($"[red]error:[/] {problem.ToString()}");
        else Messages.MarkupLineInterpolated($"[yellow]warning:[/] {problem.ToString()}");
    }

    /// <summary>A table without borders whose headings are upper case, as kubectl prints them.</summary>
    public static Table Table(params string[] headings)
    {
        var table = new Table { Border = TableBorder.None, ShowRowSeparators = false };
        foreach (string heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading)).PadLeft(0).PadRight(3).NoWrap());
        }

        return table;
    }

    private static IAnsiConsole Open(TextWriter writer, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
            Out = new AnsiConsoleOutput(writer),
        });
        if (redirected) console.Profile.Width = 1000;
        return console;
    }
}
