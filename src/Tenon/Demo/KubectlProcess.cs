using System.Diagnostics;
using Tenon.CommandLine;

namespace Tenon.Demo;

/// <summary>Runs the real kubectl against one kubeconfig.</summary>
internal sealed class KubectlProcess(string kubeconfig)
{
    /// <summary>Says, before anything starts, that kubectl is missing.</summary>
    /// <exception cref="CommandException">It is not on the PATH.</exception>
    public static void Require()
    {
        bool found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, "kubectl")));
        if (!found) throw new CommandException(ExitCode.Usage, "kubectl is not on the PATH. Install it with: apt-get install kubernetes-client");
    }

    /// <summary>Runs it and returns what it printed.</summary>
    /// <exception cref="CommandException">It failed; the message is what it wrote to standard error.</exception>
    public async Task<string> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var start = new ProcessStartInfo("kubectl") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add($"--kubeconfig={kubeconfig}");
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start) ?? throw new CommandException(ExitCode.Failure, "kubectl did not start.");
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        if (process.ExitCode != 0)
            throw new CommandException(ExitCode.Failure, $"kubectl {string.Join(' ', arguments)} failed: {(await errors).Trim()}");
        return await output;
    }
}
