using System.Diagnostics;

namespace Tenon.EndToEnd.Tests.Support;

/// <summary>What a program left when it ended.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
internal sealed record Ended(int Code, string Output, string Errors)
{
    /// <summary>Fails the test, showing everything, unless it ended with the code.</summary>
    public Ended ShouldEndWith(int code)
    {
        Code.ShouldBe(code, $"stdout:\n{Output}\nstderr:\n{Errors}");
        return this;
    }
}

/// <summary>Runs programs as a user's shell would.</summary>
internal static class Tool
{
    private static readonly string[] Inherited = ["OS_", "KUBE"];

    /// <summary>The program under test, as the build left it.</summary>
    public static string Tenon { get; } = Path.Combine(AppContext.BaseDirectory, "tenon");

    /// <summary>The root of the sources.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>Whether a program is on the PATH.</summary>
    public static bool IsInstalled(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Any(d => File.Exists(Path.Combine(d, program)));

    /// <summary>Skips the test where a program is missing, saying which package has it.</summary>
    public static void Require(string program, string package)
        => Assert.SkipUnless(IsInstalled(program), $"{program} is not installed: apt-get install {package}");

    /// <summary>Runs <c>tenon</c> to its end.</summary>
    public static Task<Ended> TenonAsync(params string[] arguments) => RunAsync(Tenon, arguments);

    /// <summary>Runs a program to its end; it is killed with all its children when the test is cancelled.</summary>
    public static Task<Ended> RunAsync(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? input = null)
        => RunUntilAsync(program, arguments, environment, input, CancellationToken.None);

    /// <summary>The same; it is killed earlier when <paramref name="end"/> is cancelled.</summary>
    public static async Task<Ended> RunUntilAsync(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment, string? input, CancellationToken end)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(TestLife.Token, end);
        CancellationToken cancellationToken = either.Token;
        using Process process = Process.Start(StartOf(program, arguments, environment)) ?? throw new InvalidOperationException($"{program} did not start");
        try
        {
            if (input is not null) await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new Ended(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>How a program is started: its streams are ours, and nothing of the developer's own clouds and clusters reaches it.</summary>
    public static ProcessStartInfo StartOf(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository,
        };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        foreach (string name in start.Environment.Keys.Where(k => Inherited.Any(p => k.StartsWith(p, StringComparison.Ordinal))).ToArray()) start.Environment.Remove(name);
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return start;
    }

    private static string FindRepository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Tenon.slnx"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
