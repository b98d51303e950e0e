namespace Tenon.CommandLine;

/// <summary>What the exit codes mean, the same for every command.</summary>
internal static class ExitCode
{
    /// <summary>Done, and nothing is wrong.</summary>
    public const int Success = 0;

    /// <summary>The command ran and failed, or a check found an error.</summary>
    public const int Failure = 1;

    /// <summary>The command line or the configuration is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary><c>tenon plan --exit-code</c>: there are changes to make.</summary>
    public const int ChangesPending = 3;

    /// <summary>Stopped by a signal before it was done.</summary>
    public const int Interrupted = 130;
}
