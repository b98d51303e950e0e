using System.Runtime.InteropServices;

namespace Tenon.Sandboxes;

/// <summary>The two calls of the C library that .NET does not offer.</summary>
internal static partial class NativeProcess
{
    private const int TerminateSignal = 15;

    /// <summary>Asks a process to end (SIGTERM).</summary>
    public static bool Terminate(int processId) => Kill(processId, TerminateSignal) == 0;

    /// <summary>Leaves the terminal's session, so that its signals no longer reach this process.</summary>
    public static void LeaveSession() => _ = SetSession();

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "setsid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetSession();
}
