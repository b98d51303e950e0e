using System.Globalization;
using System.Text;

namespace Tenon.OpenStack.Configuration;

/// <summary>Durations as Go programs write them: <c>300ms</c>, <c>5s</c>, <c>1m30s</c>, <c>1.5h</c>.</summary>
public static class Durations
{
    /// <summary>Reads a duration; a plain number counts seconds.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(text);
        duration = default;
        string rest = text.Trim();
        if (rest.Length == 0) return false;
        bool negative = rest[0] == '-';
        if (rest[0] is '-' or '+') rest = rest[1..];
        if (TryNumber(rest, out double seconds)) return TryMake(negative, seconds * TimeSpan.TicksPerSecond, out duration);

        double ticks = 0;
        int at = 0;
        while (at < rest.Length)
        {
            int start = at;
            while (at < rest.Length && (char.IsAsciiDigit(rest[at]) || rest[at] == '.')) at++;
            if (!TryNumber(rest[start..at], out double number)) return false;
            start = at;
            while (at < rest.Length && !char.IsAsciiDigit(rest[at]) && rest[at] != '.') at++;
            double? unit = rest[start..at] switch
            {
                "ns" => TimeSpan.TicksPerMicrosecond / 1000.0,
                "us" or "µs" or "μs" => TimeSpan.TicksPerMicrosecond,
                "ms" => TimeSpan.TicksPerMillisecond,
                "s" => TimeSpan.TicksPerSecond,
                "m" => TimeSpan.TicksPerMinute,
                "h" => TimeSpan.TicksPerHour,
                _ => null,
            };
            if (unit is null) return false;
            ticks += number * unit.Value;
        }

        return at > 0 && TryMake(negative, ticks, out duration);
    }

    /// <summary>Writes a duration in the same form, such as <c>1m30s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero) return "0s";
        var text = new StringBuilder();
        if (duration < TimeSpan.Zero) text.Append('-');
        TimeSpan rest = duration.Duration();
        if (rest.TotalHours >= 1) text.Append((long)rest.TotalHours).Append('h');
        if (rest.Minutes > 0) text.Append(rest.Minutes).Append('m');
        double seconds = rest.Seconds + (rest.Ticks % TimeSpan.TicksPerSecond / (double)TimeSpan.TicksPerSecond);
        if (seconds > 0 && rest.TotalSeconds >= 1) text.Append(seconds.ToString("0.#######", CultureInfo.InvariantCulture)).Append('s');
        else if (seconds > 0) text.Append((seconds * 1000).ToString("0.####", CultureInfo.InvariantCulture)).Append("ms");
        return text.ToString();
    }

    private static bool TryNumber(string text, out double number)
        => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);

    private static bool TryMake(bool negative, double ticks, out TimeSpan duration)
    {
        duration = default;
        if (double.IsNaN(ticks) || ticks >= long.MaxValue) return false;
        duration = TimeSpan.FromTicks((long)Math.Round(negative ? -ticks : ticks));
        return true;
    }
}
