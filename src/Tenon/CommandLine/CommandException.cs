using Tenon.Core;

namespace Tenon.CommandLine;

/// <summary>Ends a command with a message for people, without a stack trace.</summary>
internal sealed class CommandException(int exitCode, string message, IReadOnlyList<Problem>? problems = null) : Exception(message)
{
    /// <summary>The process's exit code.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>The single problems, each printed on a line of its own.</summary>
    public IReadOnlyList<Problem> Problems { get; } = problems ?? [];
}
