using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Tenon.CommandLine;

/// <summary>
/// One line an entry, as people read logs: when (UTC), how grave, which part, which object a reconciler is working on, what. Further lines of
/// a message or of an exception are indented below.
/// </summary>
internal sealed class LogLines() : ConsoleFormatter(FormatterName)
{
    /// <summary>The name by which the console finds it.</summary>
    public const string FormatterName = "lines";

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        ArgumentNullException.ThrowIfNull(textWriter);
        string message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        textWriter.Write(logEntry.LogLevel switch
        {
            LogLevel.Critical or LogLevel.Error => " error   ",
            LogLevel.Warning => " warning ",
            LogLevel.Information => " info    ",
            _ => " debug   ",
        });
        textWriter.Write(logEntry.Category[(logEntry.Category.LastIndexOf('.') + 1)..]);
        WriteObject(scopeProvider, textWriter);
        textWriter.Write(": ");
        textWriter.WriteLine(Indented(message));
        if (logEntry.Exception is { } exception) textWriter.WriteLine($"  {Indented(exception.ToString())}");
    }

    private static void WriteObject(IExternalScopeProvider? scopes, TextWriter text) => scopes?.ForEachScope(
        static (scope, writer) =>
        {
            if (scope is not IReadOnlyDictionary<string, object> values || !values.TryGetValue("key", out object? key)) return;
            writer.Write(' ');
            if (values.TryGetValue("controller", out object? controller)) writer.Write($"{controller} ");
            writer.Write(key);
            if (values.TryGetValue("reconcileId", out object? id)) writer.Write($" #{id}");
        },
        text);

    private static string Indented(string text) => text.TrimEnd().ReplaceLineEndings("\n  ");
}
