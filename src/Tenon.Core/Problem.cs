namespace Tenon.Core;

/// <summary>How grave a problem is.</summary>
public enum ProblemSeverity
{
    /// <summary>Reported; everything goes on.</summary>
    Warning,

    /// <summary>What holds the field cannot be used.</summary>
    Error,
}

/// <summary>One thing that is wrong with an input: which field, which value, and what to do about it.</summary>
/// <param name="Severity">Whether the input can still be used.</param>
/// <param name="Field">The option, annotation or path, as the user wrote it.</param>
/// <param name="Value">The offending value, or <see langword="null"/> when it is missing or secret.</param>
/// <param name="Message">What is wrong, as one clause.</param>
/// <param name="Fix">What to do, as one sentence.</param>
/// <param name="Line">The line in the file, from 1, where there is one.</param>
public sealed record Problem(ProblemSeverity Severity, string Field, string? Value, string Message, string Fix, int? Line = null)
{
    /// <summary>An error.</summary>
    public static Problem Error(string field, string? value, string message, string fix, int? line = null)
        => new(ProblemSeverity.Error, field, value, message, fix, line);

    /// <summary>A warning.</summary>
    public static Problem Warning(string field, string? value, string message, string fix, int? line = null)
        => new(ProblemSeverity.Warning, field, value, message, fix, line);

    /// <summary>One line: field, value, what is wrong, the fix.</summary>
    public override string ToString()
    {
        string where = Line is { } line ? $"line {line}: " : "";
        string what = Value is null ? Field : $"{Field} \"{Value}\"";
        return $"{where}{what}: {Message}. {Fix}";
    }
}
