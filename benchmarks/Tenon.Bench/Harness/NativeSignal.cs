using System.Runtime.InteropServices;

namespace Tenon.Bench;

/// <summary>Sends SIGTERM, which .NET cannot.</summary>
internal static partial class NativeSignal
{
    private const int TerminateSignal = 15;

    public static void Terminate(int processId) => _ = Kill(processId, TerminateSignal);

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
